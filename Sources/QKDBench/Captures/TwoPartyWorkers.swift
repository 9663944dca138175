import Foundation
import QKDCore
import QKDSifting
import QKDTimeTags

extension TwoPartyEngine {
    /// Takes all that two sources have, on several cores; the keys are those of `run` on one, bit by bit.
    ///
    /// One worker at a time reads and aligns the next slab, then it matches what it has read; the results are sifted in
    /// the slabs' order. Throws as `run` does; the task's cancellation is looked for by all workers.
    public mutating func run(alice: any TagReader, bob: any TagReader, workers: Int) throws {
        guard workers > 1 else { return try run(alice: alice, bob: bob) }
        let work = SlabWork(self, alice, bob)
        // The workers are no tasks: they ask whether this one was cancelled.
        try withUnsafeCurrentTask { task in
            let caller = CancelledCaller(task: task)
            SideBySide.run(workers) { work.workThrough { caller.isCancelled } }
            self = work.engine
            if let failure = work.failure { throw failure }
        }
    }
}

/// Whether the task that waits for the workers was cancelled; it outlives them.
private struct CancelledCaller: @unchecked Sendable {
    let task: UnsafeCurrentTask?
    var isCancelled: Bool { task?.isCancelled ?? false }
}

/// What the workers share: the source under one lock, the keys under another.
private final class SlabWork: @unchecked Sendable {
    private let source = NSLock()
    private let sink = NSLock()
    private var reading: TwoPartyEngine
    private var sifting: TwoPartyEngine
    private let alice: any TagReader
    private let bob: any TagReader
    /// Number of the next slab to be read, and of the next to be sifted.
    private var nextRead = 0
    private var nextSift = 0
    private var isOver = false
    /// Results that have been sifted, whose memory is used again.
    private var spare: [CoincidenceStream.Found] = []
    /// Results that came before their turn.
    private var early: [Int: CoincidenceStream.Found] = [:]
    private(set) var failure: (any Error)?

    /// Tags of Alice's in a slab: long enough for the locks to be nothing, short enough for the second-level cache.
    private static let slabTags = 1 << 14

    init(_ engine: TwoPartyEngine, _ alice: any TagReader, _ bob: any TagReader) {
        reading = engine
        sifting = engine
        self.alice = alice
        self.bob = bob
    }

    /// What all have done together.
    var engine: TwoPartyEngine { reading.with(keysOf: sifting) }

    func workThrough(isCancelled: () -> Bool) {
        var matcher = SlabMatcher()
        var (slab, batch) = (TagSlab(), TagBatch())
        while let number = next(&slab, &batch, isCancelled) {
            var found = sink.withLockSoon { spare.popLast() } ?? CoincidenceStream.Found()
            matcher.match(slab, into: &found)
            sink.withLockSoon {
                early[number] = found
                while let turn = early.removeValue(forKey: nextSift) {
                    sifting.sift(turn)
                    nextSift += 1
                    spare.append(turn)
                }
            }
        }
    }

    /// Takes the next slab, and says which it is; `nil` when there are no more.
    private func next(_ slab: inout TagSlab, _ batch: inout TagBatch, _ isCancelled: () -> Bool) -> Int? {
        source.withLockSoon {
            guard !isOver else { return nil }
            do {
                if isCancelled() { throw CancellationError() }
                if try reading.nextSlab(alice, bob, leastTags: Self.slabTags, into: &slab, through: &batch) {
                    nextRead += 1
                    return nextRead - 1
                }
            } catch {
                failure = error
            }
            isOver = true
            return nil
        }
    }
}

extension NSLock {
    /// As `withLock`, for what is never held long: a thread that slept would wake up too late.
    fileprivate func withLockSoon<Result>(_ body: () throws -> Result) rethrows -> Result {
        var tries = 0
        while !self.try() {
            tries += 1
            if tries == 4_000 {
                lock()
                break
            }
        }
        defer { unlock() }
        return try body()
    }
}
