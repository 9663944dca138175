import QKDCore
import Testing

@testable import QKDDistillation

struct CascadeFlightTests {
    /// However many are under way, each frame is asked the same, and all are equal in the end.
    @Test func framesUnderWayDoNotDisturbEachOther() throws {
        let plan = CascadePlan(orders: CascadeOrders(frameBits: 5000, seed: 1), errorRate: 0.03)
        let frames = (0..<20).map { NoisyFrame.pair(5000, rate: 0.03, seed: UInt64($0)) }
        let alone = try CascadeFlight(plan: plan, roundTrip: .zero, width: 1).run(frames)
        let together = try CascadeFlight(plan: plan, roundTrip: .milliseconds(1), width: 7).run(frames)
        #expect(alone == together && alone.equal == 20 && alone.unequal == 0)
    }
}
