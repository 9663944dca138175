/// The account of a distillation: nothing in it is secret.
public struct DistillationReport: Sendable, Codable, Equatable {
    /// Bits of the secret key; 0 if there is none.
    public var secretBits = 0
    /// Why there is no key; `nil` if there is one.
    public var abort: String?
    /// Raw bits that were given.
    public var rawBits: Int
    /// Error rate of the other basis.
    public var testErrorRate: Double?
    /// What became of the frames.
    public var frames = Frames()
    /// What was revealed, counted from what was said.
    public var revealed = Revealed()
    /// How the length came about; `nil` if it did not come to that.
    public var length: Length?
    /// Bits of public randomness that amplification took.
    public var seedBits = 0

    /// Begins an account.
    public init(rawBits: Int) { self.rawBits = rawBits }

    /// Frames of the raw key.
    public struct Frames: Sendable, Codable, Equatable {
        /// All of them.
        public var total = 0
        /// Those that went by one message.
        public var byLDPC = 0
        /// Those whose tags were equal.
        public var verified = 0
        /// Those in which reconciliation broke off.
        public var unreconciled = 0
        /// Those whose tags differed.
        public var unequal = 0
        /// Bits of the frames that were discarded.
        public var discardedBits = 0
        /// Bits that were corrected in the verified frames.
        public var errors = 0
        /// Errors among the bits of the verified frames; `nil` without any.
        public var errorRate: Double?
        /// Round trips of the frame that took most.
        public var roundTrips = 0
        /// Bits of a frame, the longest.
        public var longestBits = 0
    }

    /// Bits revealed about Alice's raw key.
    public struct Revealed: Sendable, Codable, Equatable {
        /// Parities and syndromes, of discarded frames too.
        public var reconciliation = 0
        /// Tags.
        public var verification = 0
        /// Both.
        public var total: Int { reconciliation + verification }
        /// f: reconciliation over the entropy of the errors in the verified frames; `nil` without errors.
        public var factor: Double?

        enum CodingKeys: String, CodingKey { case reconciliation, verification, factor }
    }

    /// The length formula, term by term.
    public struct Length: Sendable, Codable, Equatable {
        /// Label of the proof, with its reading.
        public var proof: String
        /// The proof in a sentence.
        public var statement: String
        /// ε_sec.
        public var secrecy: Double
        /// ε_cor.
        public var correctness: Double
        /// Detections from empty pulses, at least.
        public var vacuum: Double
        /// Detections from single photons, at least.
        public var single: Double
        /// The phase error rate of single photons, at most.
        public var phaseErrorRate: Double
        /// Bits revealed.
        public var leaked: Double
        /// Bits that ε_sec and ε_cor cost.
        public var fixed: Double
        /// Bits of discarded frames: all that was in them counts as lost.
        public var discarded: Double
        /// What the formula allows, before it is cut to whole bits at zero or more.
        public var bound: Double
    }
}
