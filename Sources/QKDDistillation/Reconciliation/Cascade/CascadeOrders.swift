/// The public randomness of Cascade for frames of one length: orders in which the passes see the bits, and subsets.
///
/// Both sides make them of the same seed. All frames may share one: errors know nothing of it. Frames are filled up with zeros,
/// equal on both sides, to whole groups of 4096 bits; groups are shuffled in sections of sixteen, so that tables stay in the
/// nearest cache.
public final class CascadeOrders: @unchecked Sendable {
    /// Bits of a frame.
    public let frameBits: Int
    /// Bits of a frame with the zeros that fill it up.
    let paddedBits: Int
    /// For each shuffled pass, the shuffle of the longer sections, which come first, and that of the shorter ones.
    private let long: [CascadeShuffle]
    private let short: [CascadeShuffle]
    private let longSections: Int
    /// Where the section of each group begins, in words.
    private let sectionStarts: UnsafeMutablePointer<Int32>
    /// For each subset, a bit for each bit of the frame that is in it.
    let subsets: [[UInt64]]

    /// Bits that a frame has at most, 2²⁶.
    public static let maximumFrameBits = 1 << 26
    static let shuffles = 2
    static let groupLog = 12
    private static let groupBits = 1 << groupLog
    private static let groupWords = groupBits / 64
    private static let sectionGroups = 16
    /// Subsets of half the bits that close a frame: errors that are left escape all of them with 2⁻¹².
    static let subsetCount = 12

    /// Makes orders for frames of 1 to 2²⁶ bits from a public seed.
    public init(frameBits: Int, seed: UInt64) {
        precondition(frameBits > 0 && frameBits <= Self.maximumFrameBits, "a frame of \(frameBits) bits")
        self.frameBits = frameBits
        let groups = (frameBits + Self.groupBits - 1) / Self.groupBits
        paddedBits = groups * Self.groupBits
        let sections = (groups + Self.sectionGroups - 1) / Self.sectionGroups
        let least = groups / sections
        longSections = groups % sections
        var starts: [Int] = []
        for section in 0..<sections {
            let count = section < longSections ? least + 1 : least
            starts += repeatElement(starts.count * Self.groupWords, count: count)
        }
        sectionStarts = .allocate(capacity: groups)
        for (group, start) in starts.enumerated() { sectionStarts[group] = Int32(start) }
        var random = PublicGenerator(seed: seed ^ UInt64(frameBits) << 32)
        short = (0..<Self.shuffles).map { _ in CascadeShuffle(words: least * Self.groupWords, random: &random) }
        long =
            longSections == 0
            ? short
            : (0..<Self.shuffles).map { _ in CascadeShuffle(words: (least + 1) * Self.groupWords, random: &random) }
        let words = groups * Self.groupWords
        subsets = (0..<Self.subsetCount).map { _ in (0..<words).map { _ in random.next() } }
    }

    deinit { sectionStarts.deallocate() }

    /// Words of a frame with the zeros that fill it up.
    var wordCount: Int { paddedBits / 64 }

    /// The ways of single bits between the frame's order and that of a pass. They last as long as the orders.
    func ways(pass: Int) -> Ways {
        Ways(
            sectionStarts: UnsafePointer(sectionStarts), longWords: longSections * long[0].words,
            long: long[max(0, pass - 1)].way, short: short[max(0, pass - 1)].way, isShuffled: pass > 0)
    }

    /// The ways of single bits between the frame's order and that of a pass.
    struct Ways {
        fileprivate let sectionStarts: UnsafePointer<Int32>
        fileprivate let longWords: Int
        fileprivate let long: CascadeShuffle.Way
        fileprivate let short: CascadeShuffle.Way
        fileprivate let isShuffled: Bool

        /// The place at which a bit stands in the pass.
        @inline(__always) func place(of bit: Int) -> Int {
            guard isShuffled else { return bit }
            let start = Int(sectionStarts[bit >> CascadeOrders.groupLog])
            return 64 &* start &+ (start < longWords ? long : short).place(of: bit &- 64 &* start)
        }

        /// The bit that stands at a place of the pass.
        @inline(__always) func bit(at place: Int) -> Int {
            guard isShuffled else { return place }
            let start = Int(sectionStarts[place >> CascadeOrders.groupLog])
            return 64 &* start &+ (start < longWords ? long : short).bit(at: place &- 64 &* start)
        }
    }

    /// Puts bits, `wordCount` words, into the order of a pass; pass 0 sees them as they are.
    func apply(
        pass: Int, _ bits: UnsafePointer<UInt64>, scratch: UnsafeMutablePointer<UInt64>,
        into shuffled: UnsafeMutablePointer<UInt64>
    ) {
        guard pass > 0 else {
            shuffled.update(from: bits, count: wordCount)
            return
        }
        var start = 0
        while start < wordCount {
            let section = start < longSections * long[0].words ? long[pass - 1] : short[pass - 1]
            section.apply(bits + start, scratch: scratch, into: shuffled + start)
            start += section.words
        }
    }
}
