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

    /// Takes candidates as places in `a` and `b`, which begin at the places `baseA` and `baseB` of the whole.
    ///
    /// `offsetPS` is taken off b − a. `emit` gets the places in the whole and the difference of each pair that counts.
    @inline(__always)
    mutating func take(
        _ placesA: UnsafeBufferPointer<UInt32>, _ placesB: UnsafeBufferPointer<UInt32>,
        _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>, baseA: Int = 0, baseB: Int = 0,
        offsetPS: Int64, emit: (_ a: Int, _ b: Int, _ differencePS: Int64) -> Void
    ) {
        var place = 0
        let last = placesA.count - 1
        while place <= last {
            let (i, j) = (Int(placesA[place]), Int(placesB[place]))
            let difference = b[j] &- a[i] &- offsetPS
            if !open.isEmpty, i &+ baseA >= endA, j &+ baseB >= endB { settle(emit) }
            // Most candidates share no tag with another.
            if open.isEmpty, place < last, placesA[place &+ 1] != placesA[place], placesB[place &+ 1] > placesB[place] {
                emit(i &+ baseA, j &+ baseB, difference)
            } else {
                open.append(Candidate(a: i &+ baseA, b: j &+ baseB, difference: difference))
                endA = i &+ baseA &+ 1
                endB = max(endB, j &+ baseB &+ 1)
            }
            place &+= 1
        }
    }

    /// Decides what still waits.
    mutating func finish(emit: (_ a: Int, _ b: Int, _ differencePS: Int64) -> Void) { settle(emit) }

    private mutating func settle(_ emit: (Int, Int, Int64) -> Void) {
        if open.count == 1 {
            emit(open[0].a, open[0].b, open[0].difference)
        } else if !open.isEmpty {
            for chosen in choose() { emit(chosen.a, chosen.b, chosen.difference) }
        }
        open.removeAll(keepingCapacity: true)
    }

    private func choose() -> [Candidate] {
        let order = open.sorted { ($0.difference.magnitude, $0.a, $0.b) < ($1.difference.magnitude, $1.a, $1.b) }
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
