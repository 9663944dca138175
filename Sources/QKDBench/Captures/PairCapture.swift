import QKDCore
import QKDPhysics
import QKDTimeTags

/// What an emulated pair of captures really was; what a sift of them has to find.
public struct PairCaptureTruth: Codable, Sendable, Equatable {
    /// Always true: no photon was there.
    public var emulated = true
    /// The seed.
    public var seed: UInt64
    /// Length, seconds of Alice's clock.
    public var durationSeconds: Double
    /// The files, Alice's and Bob's.
    public var files: [String]
    /// The unit of the files' times, ps.
    public var resolutionPS: Double
    /// The instant of Alice's clock at which offset and skew are stated, ps.
    public var referencePS: Int64
    /// Bob's clock less Alice's, s, without the detectors' delays.
    public var offsetSeconds: Double
    /// Bob's mean delay less Alice's, ps: tags alone cannot tell it from the offset.
    public var meanDelayPS: Double
    /// Bob's rate over Alice's less 1, in 1e-6.
    public var skewPPM: Double
    /// Change of the skew, 1/s.
    public var driftPerSecond: Double
    /// Alice's detectors' delays against their mean, channels 1 to 4, ps.
    public var aliceDelaysPS: [Double]
    /// Bob's.
    public var bobDelaysPS: [Double]
    /// The state: outcomes in equal bases are the `same` or `opposite`.
    public var state: String
    /// Pairs of which both photons clicked.
    public var detectedPairs = 0
    /// Those analysed in the same basis, Z and X.
    public var sameBasis = [0, 0]
    /// Wrong ones among them.
    public var errors = [0, 0]
    /// The probability of a wrong one, Z and X; `nil` unless both sides have the same angles.
    public var errorProbability: [Double]?
    /// Tags in the files, Alice's and Bob's.
    public var tags = [0, 0]
    /// Second tags among them.
    public var ghosts = [0, 0]
}

/// Writes two parties' captures of an emulated source of pairs, as two taggers would, in bounded memory.
public struct PairCapture: Sendable {
    /// The source and the parties; their `tickPS` is set to the format's.
    public var source: PairSourceParameters
    /// Length of true time, ps.
    public var durationPS: Int64
    /// How the files are written.
    public var output: TagWriteOptions
    /// Folder for `alice.…`, `bob.…` and `truth.json`.
    public var folder: String

    /// Prepares captures.
    public init(source: PairSourceParameters, durationPS: Int64, output: TagWriteOptions, folder: String) {
        self.source = source
        self.durationPS = durationPS
        self.output = output
        self.folder = folder
    }

    /// What both clocks show at the start at least: formats hold no time before 0, and jitter comes early too.
    private static let leadPS = Picoseconds.perMillisecond
    private static let stepPS = 20 * Picoseconds.perMillisecond

    /// The files' ending.
    private var ending: String {
        switch output.format {
        case .chunked: "qkdtags"
        case .picoQuantPTU: "ptu"
        case .csv: "csv"
        case .qcrypto(let form, _): form.rawValue
        default: "dat"
        }
    }

    /// The unit that the format gives to times, ps.
    private var resolutionPS: Double {
        switch output.format {
        case .qcrypto(_, let layout): layout.unit.resolutionPS
        case .tdc1Raw: 2_000
        default: output.resolutionPS ?? 1
        }
    }

    /// Writes the files; `progress` is told the share that is done, 0 to 1. Throws what writing throws, `outOfRange`
    /// for figures that cannot be, and `interrupted`; then there are no files.
    public func run(overwrites: Bool = false, progress: (Double) -> Void = { _ in }) throws -> PairCaptureTruth {
        var source = source
        source.alice.tickPS = resolutionPS
        source.bob.tickPS = resolutionPS
        var simulator = try PairSourceSimulator(source)
        guard source.bobClock.offsetPS.magnitude <= 100 * Picoseconds.perSecond else {
            throw QKDError(.outOfRange, "an offset of more than 100 s", at: .init("pair source", field: "offset"))
        }
        try OutputFolder.make(at: folder, overwrites: overwrites)
        let files = ["alice", "bob"].map { "\(folder)/\($0).\(ending)" }
        // Whole milliseconds, so that a tick stays a tick.
        let early = max(0, -source.bobClock.offsetPS)
        let startPS = Self.leadPS * (1 + (early + Self.leadPS - 1) / Self.leadPS)
        var writers: [any TagWriter] = []
        do {
            for (file, party) in zip(files, ["alice", "bob"]) {
                var output = output
                output.notes = [
                    "source": "qkdctl tags emulate (EMULATED)", "party": party, "resolution_ps": "\(resolutionPS)",
                    "seed": "\(source.seed)",
                ]
                writers.append(try TagFileWriter.open(path: file, output))
            }
            var timePS: Int64 = 0
            while timePS < durationPS {
                guard !Task.isCancelled else { throw QKDError(.interrupted, "stopped; no files were written") }
                timePS = min(timePS + Self.stepPS, durationPS)
                try write(simulator.advance(toPS: timePS), startPS, writers)
                progress(Double(timePS) / Double(durationPS))
            }
            try write(simulator.finish(), startPS, writers)
            for writer in writers { try writer.finish() }
        } catch {
            for writer in writers { writer.abandon() }
            throw error
        }
        let truth = truth(source, simulator.truth, files, startPS)
        try SmallFile.write(SessionJSON.encode(truth), to: "\(folder)/truth.json", mode: 0o644)
        return truth
    }

    private func write(_ tags: PairTags, _ startPS: Int64, _ writers: [any TagWriter]) throws {
        for (batch, writer) in zip([tags.alice, tags.bob], writers) {
            var batch = batch
            for index in batch.times.indices { batch.times[index] += startPS }
            try writer.append(batch)
        }
    }

    private func truth(
        _ source: PairSourceParameters, _ found: PairTruth, _ files: [String], _ startPS: Int64
    ) -> PairCaptureTruth {
        let delays = [source.alice, source.bob].map { $0.detectors.map(\.delayPS) }
        let means = delays.map { $0.reduce(0, +) / Double($0.count) }
        var truth = PairCaptureTruth(
            seed: source.seed, durationSeconds: Picoseconds.seconds(durationPS), files: files,
            resolutionPS: resolutionPS, referencePS: startPS,
            offsetSeconds: Picoseconds.seconds(source.bobClock.offsetPS), meanDelayPS: means[1] - means[0],
            skewPPM: source.bobClock.skew * 1e6, driftPerSecond: source.bobClock.driftPerSecond,
            aliceDelaysPS: delays[0].map { $0 - means[0] }, bobDelaysPS: delays[1].map { $0 - means[1] },
            state: source.state.rawValue)
        truth.detectedPairs = found.detectedPairs
        truth.sameBasis = found.sameBasis
        truth.errors = found.errors
        truth.tags = found.tags
        truth.ghosts = found.ghosts
        if source.alice.anglesDegrees == source.bob.anglesDegrees {
            truth.errorProbability = source.visibilities.map { (1 - $0) / 2 }
        }
        return truth
    }
}
