import QKDCore
import Testing

@Suite struct QKDErrorTests {
    @Test(arguments: [
        (QKDError.Place("tags.ptu"), "tags.ptu"),
        (QKDError.Place("tags.ptu", byteOffset: 0), "tags.ptu at byte 0"),
        (QKDError.Place("bench.toml", line: 12), "bench.toml:12"),
        (QKDError.Place("bench.toml", field: "alice.laser"), "bench.toml, alice.laser"),
        (QKDError.Place("a", line: 3, field: "f"), "a:3, f"),
        (QKDError.Place("a", byteOffset: 9, line: 3), "a:3 at byte 9"),
        (QKDError.Place("a", byteOffset: 9, field: "f"), "a at byte 9, f"),
        (QKDError.Place("a", byteOffset: 9, line: 3, field: "f"), "a:3 at byte 9, f"),
    ])
    func aPlaceSaysEveryPartItHas(place: QKDError.Place, text: String) {
        #expect(place.description == text)
        #expect(QKDError(.io, "it broke", at: place).description == "\(text): it broke")
        #expect(QKDError(.io, "it broke", code: -7, at: place).description == "\(text): it broke (code -7)")
    }

    @Test func anErrorWithoutAPlaceIsItsMessage() {
        #expect(QKDError(.timeout, "no answer").description == "no answer")
        #expect("\(QKDError(.timeout, "no answer", code: 110))" == "no answer (code 110)")
    }

    @Test func errorsDifferByEachPart() {
        let error = QKDError(.io, "m", code: 1, at: .init("s"))
        #expect(error == QKDError(.io, "m", code: 1, at: .init("s")))
        #expect(error != QKDError(.busy, "m", code: 1, at: .init("s")))
        #expect(error != QKDError(.io, "n", code: 1, at: .init("s")))
        #expect(error != QKDError(.io, "m", at: .init("s")))
        #expect(error != QKDError(.io, "m", code: 1, at: .init("s", line: 1)))
    }

    @Test func kindsHaveNamesOfTheirOwn() {
        #expect(Set(QKDError.Kind.allCases.map(\.rawValue)).count == QKDError.Kind.allCases.count)
        for kind in QKDError.Kind.allCases { #expect(QKDError.Kind(rawValue: kind.rawValue) == kind) }
    }
}
