import QKDCore

/// Opens what a capture needs, and leaves it safe.
public enum CaptureSession {
    /// Opens the tagger of a bench, and with `prepares` sets the whole bench up; then does the work.
    ///
    /// Of a bench that is reached from outside only the tagger is opened, if nothing is to be set up: the
    /// other devices may be somebody else's at the moment. Whatever happens, what was set up is made safe.
    public static func run<Result: Sendable>(
        _ description: BenchDescription, seed: UInt64, prepares: Bool,
        _ work: @escaping @Sendable (any TimeTagger) async throws -> Result
    ) async throws -> Result {
        let isEmulated = description.roles.values.contains { $0.address == .emulated }
        if !isEmulated, !prepares { return try await withTagger(description, work) }
        let bench = try await Bench.open(description, seed: seed, time: .real)
        let result: Swift.Result<Result, any Error>
        do {
            if prepares { try await BenchSetUp.prepare(bench) }
            result = .success(try await work(bench.bob.tagger))
        } catch {
            result = .failure(error)
        }
        let findings = prepares ? await bench.makeSafeUncancelled() : []
        await Task.detached { await bench.close() }.value
        guard findings.isEmpty else {
            var before = ""
            if case .failure(let error) = result { before = "; before that: \(error)" }
            throw QKDError(.unhealthy, "not confirmed safe: \(findings.joined(separator: "; "))\(before)")
        }
        return try result.get()
    }

    private static func withTagger<Result: Sendable>(
        _ description: BenchDescription, _ work: @escaping @Sendable (any TimeTagger) async throws -> Result
    ) async throws -> Result {
        guard let row = description.roles[.bobTagger] else {
            throw QKDError(.invalidInput, "the bench has no tagger", at: .init(description.name))
        }
        let device = try await DeviceOpening.connect(driver: row.driver, address: row.address, clock: WallClock())
        guard let tagger = device as? any TimeTagger else {
            throw QKDError(.unsupported, "\(row.driver) is no time tagger")
        }
        do {
            _ = try await tagger.open()
            let result = try await work(tagger)
            await tagger.close()
            return result
        } catch {
            await Task.detached { await tagger.close() }.value
            throw error
        }
    }
}
