import QKDCore
import QKDKernels

/// Counts all differences t_b − t_a within a range, batch by batch, with memory for the range only.
///
/// Tags must come in time order (see `TagReorderer`); one that does not is counted and left out.
public struct Correlator: Sendable {
    /// Range and bin width.
    public let options: CorrelationOptions
    private var result: CorrelationHistogram
    /// Sorted tags that may still find partners; those before the heads are spent.
    private var timesA: [Int64] = []
    private var timesB: [Int64] = []
    private var headA = 0
    private var headB = 0
    private var newestPS = Int64.min
    private var oldestPS: Int64?
    private let divide: BinDivider
    /// For ranges that it can take; then the differences t_a − t_b are counted here, and turned round at the end.
    private let kernel: HistogramKernel?
    private var turned: [Int]

    /// Correlates `channelA` with `channelB`; the same channel twice gives its autocorrelation.
    public init(_ channelA: UInt8, _ channelB: UInt8, options: CorrelationOptions) {
        self.options = options
        divide = BinDivider(width: options.binWidthPS, limit: 2 * options.rangePS)
        // −range ≤ t_b − t_a < range the other way round.
        kernel = HistogramKernel(
            firstEdgePS: 1 - options.rangePS, binWidthPS: options.binWidthPS, binCount: options.binCount)
        turned = [Int](repeating: 0, count: kernel == nil ? 0 : options.binCount)
        result = CorrelationHistogram(
            channelA: channelA, channelB: channelB, binWidthPS: options.binWidthPS, firstEdgePS: -options.rangePS,
            counts: [Int](repeating: 0, count: options.binCount))
    }

    /// Beyond this a sum with the range could overflow.
    private static let largestTimePS: Int64 = 1 << 61

    /// Takes the next tags; throws `outOfRange` when so many fall into the range that memory would not
    /// hold them, or for a time beyond ±2^61 ps (26 days).
    public mutating func add(_ batch: TagBatch) throws {
        result.holes += batch.holes.count
        let (a, b) = (result.channelA, result.channelB)
        for index in 0..<batch.count {
            let channel = batch.channels[index]
            guard channel == a || channel == b else { continue }
            let time = batch.times[index]
            guard time >= newestPS else {
                result.disorderedTags += 1
                continue
            }
            guard time.magnitude <= UInt64(Self.largestTimePS) else {
                throw QKDError(.outOfRange, "a time of \(time) ps is too far from zero to correlate")
            }
            newestPS = time
            if oldestPS == nil { oldestPS = time }
            if channel == a { timesA.append(time) }
            if channel == b { timesB.append(time) }
        }
        guard oldestPS != nil else { return }
        // Partners of a tag of B may come up to the range after it.
        pair(before: newestPS - options.rangePS)
        guard timesA.count - headA <= options.maximumWindowTags, timesB.count - headB <= options.maximumWindowTags
        else {
            throw QKDError(
                .outOfRange, "more than \(options.maximumWindowTags) tags lie within the range; choose a smaller range")
        }
    }

    /// Counts what still waits and returns the histogram; the correlator is then empty but for the counts.
    public mutating func finish() -> CorrelationHistogram {
        pair(before: Int64.max)
        for bin in turned.indices {
            result.counts[options.binCount - 1 - bin] += turned[bin]
            turned[bin] = 0
        }
        if let oldestPS { result.durationPS = newestPS - oldestPS }
        return result
    }

    /// Counts the pairs of all tags of B before `horizon`, whose partners are all here.
    private mutating func pair(before horizon: Int64) {
        let range = options.rangePS
        var head = headA
        var next = headB
        if let kernel {
            timesB.withUnsafeBufferPointer { b in
                timesA.withUnsafeBufferPointer { a in
                    while next < b.count, b[next] < horizon { next &+= 1 }
                    turned.withUnsafeMutableBufferPointer {
                        kernel.add(.init(rebasing: b[headB..<next]), a, head: &head, counts: $0)
                    }
                }
            }
        } else {
            pairSlowly(before: horizon, &head, &next)
        }
        let paired = next - headB
        result.tagsB += paired
        if result.isAutocorrelation { result.counts[options.binCount / 2] -= paired }
        headB = next
        // What no coming tag of B can reach is spent; B's order is A's, so the horizon tells.
        let reach = horizon == Int64.max ? Int64.max : horizon &- range
        while head < timesA.count, timesA[head] <= reach { head += 1 }
        result.tagsA += head - headA
        headA = head
        drop()
    }

    /// For ranges beyond the kernel's.
    private mutating func pairSlowly(before horizon: Int64, _ head: inout Int, _ next: inout Int) {
        let range = options.rangePS
        let divide = divide
        timesA.withUnsafeBufferPointer { a in
            timesB.withUnsafeBufferPointer { b in
                result.counts.withUnsafeMutableBufferPointer { counts in
                    while next < b.count, b[next] < horizon {
                        let stop = b[next]
                        // −range ≤ t_b − t_a < range
                        while head < a.count, a[head] <= stop &- range { head &+= 1 }
                        var index = head
                        while index < a.count, a[index] &- stop <= range {
                            counts[divide(stop &- a[index] &+ range)] &+= 1
                            index &+= 1
                        }
                        next &+= 1
                    }
                }
            }
        }
    }

    /// Gives the spent front back once it is as long as the rest, so that each tag moves at most once or twice.
    private mutating func drop() {
        if headA * 2 >= timesA.count {
            timesA.removeFirst(headA)
            headA = 0
        }
        if headB * 2 >= timesB.count {
            timesB.removeFirst(headB)
            headB = 0
        }
    }
}
