import QKDKernels

/// Decides which candidate pairs count: the nearest first, each tag once.
///
/// Candidates come by rising place in A and then in B. Those that hang together by shared tags wait until the last of
/// them is there; ties of |difference| go by A's and then by B's place.
struct PairResolver {
    private struct Candidate {
        var a: Int
        var b: Int
        var difference: Int64
    }

    /// Candidates that hang together and may get company.
    private var open: [Candidate] = []
    /// One beyond the last of B's places among them.
    private var endB = 0
    private var endA = 0

    /// The first places that candidates in waiting refer to; `nil` if none wait.
    var firstWaiting: (a: Int, b: Int)? {
        open.first.map { first in (first.a, open.reduce(first.b) { min($0, $1.b) }) }
    }

    /// Takes candidates as places in `a` and `b`, which begin at the places `baseA` and `baseB` of the whole, and adds
    /// those that count to `pairs`; `offsetPS` is taken off b − a.
    mutating func take(
        _ placesA: UnsafeBufferPointer<UInt32>, _ placesB: UnsafeBufferPointer<UInt32>,
        _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>, baseA: Int = 0, baseB: Int = 0,
        offsetPS: Int64, into pairs: inout ResolvedPairs
    ) {
        pairs.fill(atMost: placesA.count + open.count) { out in
            let last = placesA.count - 1
            for place in placesA.indices {
                let (i, j) = (Int(placesA[place]), Int(placesB[place]))
                let candidate = Candidate(a: i &+ baseA, b: j &+ baseB, difference: b[j] &- a[i] &- offsetPS)
                if !open.isEmpty, candidate.a >= endA, candidate.b >= endB { settle(into: &out) }
                // Most candidates share no tag with another.
                if open.isEmpty, place < last, placesA[place &+ 1] != placesA[place],
                    placesB[place &+ 1] > placesB[place]
                {
                    out.put(candidate.a, candidate.b, candidate.difference)
                } else {
                    open.append(candidate)
                    endA = candidate.a &+ 1
                    endB = max(endB, candidate.b &+ 1)
                }
            }
        }
    }

    /// Decides what still waits.
    mutating func finish(into pairs: inout ResolvedPairs) {
        pairs.fill(atMost: open.count) { settle(into: &$0) }
    }

    private static func goesBefore(_ left: Candidate, _ right: Candidate) -> Bool {
        (left.difference.magnitude, left.a, left.b) < (right.difference.magnitude, right.a, right.b)
    }

    private mutating func settle(into out: inout ResolvedPairs.Room) {
        guard !open.isEmpty else { return }
        if open.count <= 2 {
            // Two that hang together share a tag, so that only one of them counts.
            let second = open.count == 2 && Self.goesBefore(open[1], open[0])
            let chosen = open[second ? 1 : 0]
            out.put(chosen.a, chosen.b, chosen.difference)
        } else {
            for chosen in choose() { out.put(chosen.a, chosen.b, chosen.difference) }
        }
        open.removeAll(keepingCapacity: true)
        (endA, endB) = (0, 0)
    }

    private func choose() -> [Candidate] {
        let order = open.sorted(by: Self.goesBefore)
        let firstA = open[0].a
        let firstB = open.reduce(Int.max) { min($0, $1.b) }
        var takenA = [Bool](repeating: false, count: endA - firstA)
        var takenB = [Bool](repeating: false, count: endB - firstB)
        var chosen: [Candidate] = []
        for candidate in order where !takenA[candidate.a - firstA] && !takenB[candidate.b - firstB] {
            takenA[candidate.a - firstA] = true
            takenB[candidate.b - firstB] = true
            chosen.append(candidate)
        }
        return chosen.sorted { $0.a < $1.a }
    }
}

/// Pairs that count, as places in the whole of A and of B, in memory that is used again.
struct ResolvedPairs {
    private(set) var count = 0
    private(set) var a: [Int] = []
    private(set) var b: [Int] = []
    private(set) var differencesPS: [Int64] = []

    mutating func removeAll() { count = 0 }

    /// Where pairs are put for a while.
    struct Room {
        fileprivate var count: Int
        fileprivate let a: UnsafeMutableBufferPointer<Int>
        fileprivate let b: UnsafeMutableBufferPointer<Int>
        fileprivate let differencesPS: UnsafeMutableBufferPointer<Int64>

        @inline(__always)
        mutating func put(_ placeA: Int, _ placeB: Int, _ differencePS: Int64) {
            a[count] = placeA
            b[count] = placeB
            differencesPS[count] = differencePS
            count &+= 1
        }
    }

    /// Adds the pairs that `body` puts, `most` at most.
    @inline(__always)
    fileprivate mutating func fill(atMost most: Int, _ body: (inout Room) -> Void) {
        if a.count < count + most {
            let more = max(count + most, 2 * a.count) - a.count
            a.append(contentsOf: repeatElement(0, count: more))
            b.append(contentsOf: repeatElement(0, count: more))
            differencesPS.append(contentsOf: repeatElement(0, count: more))
        }
        let start = count
        count = a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                differencesPS.withUnsafeMutableBufferPointer { differences in
                    var room = Room(count: start, a: a, b: b, differencesPS: differences)
                    body(&room)
                    return room.count
                }
            }
        }
    }
}

/// Memory for the pairs that a kernel finds at once.
struct PairRoom {
    private var placesA = [UInt32](repeating: 0, count: PairRoom.size)
    private var placesB = [UInt32](repeating: 0, count: PairRoom.size)
    private static let size = 8_192

    /// Finds all pairs of `a` and `b`, and hands them over in runs.
    @inline(__always)
    mutating func findAll(
        _ kernel: PairKernel, _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>,
        _ body: (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt32>) -> Void
    ) {
        var cursor = PairKernel.Cursor()
        placesA.withUnsafeMutableBufferPointer { placesA in
            placesB.withUnsafeMutableBufferPointer { placesB in
                while cursor.a < a.count {
                    let found = kernel.find(a, b, from: &cursor, placesA: placesA, placesB: placesB)
                    body(
                        UnsafeBufferPointer(rebasing: placesA[..<found]),
                        UnsafeBufferPointer(rebasing: placesB[..<found]))
                }
            }
        }
    }
}
