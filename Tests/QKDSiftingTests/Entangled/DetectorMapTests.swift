import QKDCore
import QKDSifting
import Testing

@Suite("Detector map")
struct DetectorMapTests {
    @Test("Both sides, each in its own words")
    func sides() throws {
        let map = try DetectorMap("alice:1=Z0,2=Z1,3=X0,4=X1; Bob: 5 = h, 6=V ,7=d,8=A;")
        #expect(map.alice == DetectorMap.standard.alice)
        #expect(map.bob.states == [5: .init(.z, 0), 6: .init(.z, 1), 7: .init(.x, 0), 8: .init(.x, 1)])
        #expect(try DetectorMap(map.description) == map)
        #expect(try DetectorMap("bob:1=H;alice:2=V").alice.states == [2: BB84State(.z, 1)])
    }

    @Test("One text for both, angles, and what they stand for")
    func angles() throws {
        let map = try DetectorMap("0=22.5deg,1=112.5deg,2=0deg,3=-45DEG,255=180deg")
        #expect(map.alice == map.bob)
        let entries = map.alice.detectors
        #expect(entries.map(\.angleDegrees) == [22.5, 112.5, 0, 135, 0])
        #expect(entries.map(\.settingDegrees) == [22.5, 22.5, 0, 45, 0])
        #expect(entries.map(\.outcome) == [0, 1, 0, 1, 0])
        #expect(entries.map(\.state) == [nil, nil, BB84State(.z, 0), BB84State(.x, 1), BB84State(.z, 0)])
        #expect(map.alice.settings == [0, 22.5, 45])
        #expect(try DetectorMap(map.description) == map)
    }

    @Test(
        "What cannot be understood is named, with its place",
        arguments: [
            ("", 1), ("1=Q", 3), ("1=Z0,1=Z1", 6), ("1=Z0,300=Z1", 6), ("carol:1=Z0", 1), ("alice:1=Z0", 11),
            ("alice:1=Z0;alice:2=Z1", 12), ("1=Z0;bob:2=Z1", 1), ("1Z0", 1), ("1=45", 3), ("1=nandeg", 3),
            ("1=Z0 2=Z1", 6), ("1=Z0,", 6), ("1=", 3), ("1", 2),
        ])
    func errors(text: String, character: Int) {
        #expect {
            _ = try DetectorMap(text)
        } throws: { error in
            guard let error = error as? QKDError else { return false }
            return error.kind == .invalidInput && error.place?.field == "character \(character)"
        }
    }
}
