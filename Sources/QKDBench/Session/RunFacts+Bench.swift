import Foundation
import QKDCore

/// This version of the toolkit.
public enum QKDVersion {
    /// Semantic version.
    public static let text = "0.1.0"
}

extension RunFacts {
    init(failure: (any Error)?, findings: [String], started: Date, wall: Duration, bench: Bench) {
        let ended = failure is CancellationError || (failure as? QKDError)?.kind == .interrupted
        self.init(
            status: failure == nil ? (findings.isEmpty ? "complete" : "unsafe") : ended ? "interrupted" : "failed",
            reason: failure.map { ended ? "a signal ended the run" : "\($0)" } ?? findings.first,
            started: ISO8601DateFormatter().string(from: started),
            wallSeconds: Picoseconds.seconds(wall.picoseconds), version: QKDVersion.text,
            devices: Dictionary(
                uniqueKeysWithValues: bench.identities.map { role, identity in (role.rawValue, identity.text) }),
            safetyFindings: findings)
    }
}

extension DeviceIdentity {
    /// One line: vendor, model, serial number, firmware.
    public var text: String {
        [vendor, model, serialNumber, firmware].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension SessionSource {
    init(bench: Bench, statistics: TaggerStatistics, repeatsPattern: Bool) {
        self.init(
            emulated: bench.isEmulated, seed: bench.world == nil ? nil : bench.seed,
            randomness: RandomnessFacts(
                generator: KeyedGenerator.name, seedSource: bench.identities[.aliceRandom]?.text ?? "unknown",
                seedBytes: KeyedGenerator.seedBytes),
            repeatsPattern: repeatsPattern, resyncs: statistics.resyncs, droppedBatches: statistics.droppedBatches,
            faults: bench.faults.map(\.text))
    }
}
