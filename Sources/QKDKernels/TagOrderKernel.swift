import CQKDKernels

/// How the times of a stream follow each other.
public struct TagOrder: Sendable, Equatable {
    /// Times earlier than the one in front of them.
    public var inversions = 0
    /// The longest step back, ps.
    public var largestInversionPS: Int64 = 0
    /// Times equal to the one in front of them.
    public var ties = 0

    /// Starts without times.
    public init() {}

    /// Takes the next times; the first of them has `previous` in front of it. All are less than 2^62 ps from zero.
    public mutating func add(
        _ times: UnsafeBufferPointer<Int64>, after previous: Int64, level: KernelLevel = .current
    ) {
        var order = qkd_tag_order(
            inversions: Int64(inversions), largest_inversion: largestInversionPS, ties: Int64(ties))
        qkd_tag_order_of(level.rawValue, times.baseAddress, times.count, previous, &order)
        inversions = Int(order.inversions)
        largestInversionPS = order.largest_inversion
        ties = Int(order.ties)
    }

    /// Whether no time is earlier than the one in front of it.
    static func isRising(_ times: UnsafeBufferPointer<Int64>) -> Bool {
        guard let first = times.first else { return true }
        var order = TagOrder()
        order.add(times, after: first, level: .scalar)
        return order.inversions == 0
    }

    /// The same, a time after the other: what `add` is held against.
    public mutating func addTwin(_ times: [Int64], after previous: Int64) {
        var last = previous
        for time in times {
            if time < last {
                inversions += 1
                largestInversionPS = max(largestInversionPS, last - time)
            } else if time == last {
                ties += 1
            }
            last = time
        }
    }
}
