import Foundation
import QKDCore

/// A device whose inputs are GPIO lines: it sees their levels whenever one of them changes.
public protocol GPIOEmulator: Actor {
    /// Takes the levels of all lines, in the driver's order, at `nowPS`.
    func levels(_ values: [Bool], nowPS: Int64)
}

/// Output lines in this process that lead to an emulator.
public final class GPIOLoopback: GPIOOutputs, @unchecked Sendable {
    public let endpoint: String
    public let label: String
    private let emulator: any GPIOEmulator
    private let clock: any BenchClock
    private let lock = NSLock()
    private var isClosed = false
    private var isCut = false
    private var changes = 0

    /// Leads to `emulator` on the bench's clock.
    public init(_ emulator: any GPIOEmulator, clock: any BenchClock, named name: String = "gpio-emulator") {
        self.emulator = emulator
        self.clock = clock
        endpoint = "gpio:\(name)"
        label = "\(DeviceIdentity.emulatedMark) \(name)"
    }

    public func set(_ values: [Bool]) async throws {
        // As strict as an event loop: a cancelled task gets nothing through.
        try Task.checkCancellation()
        let (closed, cut) = lock.withLock {
            changes += 1
            return (isClosed, isCut)
        }
        if cut { throw QKDError(.disconnected, "the GPIO chip is gone", at: .init(endpoint)) }
        if closed { throw QKDError(.disconnected, "the lines were given up", at: .init(endpoint)) }
        await emulator.levels(values, nowPS: clock.nowPS)
    }

    public func close() async { lock.withLock { isClosed = true } }

    /// Pulls the chip.
    public func cut() { lock.withLock { isCut = true } }

    /// How often the lines were set.
    public var changeCount: Int { lock.withLock { changes } }
}
