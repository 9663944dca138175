import QKDCore
import QKDPhysics
import Testing

@testable import QKDBench

@Suite("Closed forms without dead time")
struct NoDeadTimeTests {
    @Test("Afterpulses stay in the balance when the dead time is zero, and join the limit smoothly")
    func afterpulses() throws {
        func vacuumGain(deadTimePS: Int64, afterpulse: Double) throws -> Double {
            var link = try BenchDescription.load("bb84-loopback").linkModel(resolutionPS: 2000)
            for index in link.detectors.indices {
                link.detectors[index].deadTimePS = deadTimePS
                link.detectors[index].afterpulseProbability = afterpulse
            }
            return try BB84Expectation(link).gain(.vacuum)
        }
        let without = try vacuumGain(deadTimePS: 0, afterpulse: 0)
        let with = try vacuumGain(deadTimePS: 0, afterpulse: 0.02)
        #expect(with > 1.3 * without)
        #expect(abs(try vacuumGain(deadTimePS: 1000, afterpulse: 0.02) / with - 1) < 0.01)
    }
}
