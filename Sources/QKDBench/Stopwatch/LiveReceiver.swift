import QKDCore
import QKDKernels
import QKDSifting
import QKDTimeTags

/// What stands behind a tagger's wire: bytes of T2 records to keys and QBER, as they come.
struct LiveReceiver {
    /// Tags of both sides so far.
    private(set) var tags = 0
    /// Bits of each key so far, and errors among them.
    private(set) var bits = 0
    private(set) var errors = 0

    private var kernel = T2Kernel(maximumBaseTicks: 1 << 60, overflowTicks: 1 << 25, countsOverflows: true, tickPS: 1)
    private var stream: CoincidenceStream
    private var sifter: CoincidenceSifter
    /// The beginning of a record whose end has not come yet.
    private var carried: [UInt8] = []
    /// Tags since the last matching.
    private var waiting = 0
    private var batch = TagBatch()
    private var alice = TagBatch()
    private var bob = TagBatch()

    /// Records that are decoded at once: what stays in the first-level cache.
    private static let batchRecords = 2048

    /// Starts with the standard map of `RecordRing`.
    init(windowPS: Int64 = 1_000) throws {
        stream = try CoincidenceStream(windowPS: windowPS, relation: ClockRelation(referencePS: 0, offsetPS: 0))
        sifter = CoincidenceSifter(map: try DetectorMap("alice:0=Z0,1=Z1,2=X0,3=X1;bob:4=Z0,5=Z1,6=X0,7=X1"))
    }

    /// Takes what has arrived, wherever it was cut.
    mutating func take(_ bytes: [UInt8]) throws {
        var start = 0
        if !carried.isEmpty {
            start = min(4 - carried.count, bytes.count)
            carried += bytes[..<start]
            guard carried.count == 4 else { return }
            let record = carried
            carried.removeAll(keepingCapacity: true)
            try record.withUnsafeBytes { try decode($0) }
        }
        let whole = start + (bytes.count - start) / 4 * 4
        try bytes.withUnsafeBytes { bytes in
            for from in stride(from: start, to: whole, by: 4 * Self.batchRecords) {
                try decode(.init(rebasing: bytes[from..<min(from + 4 * Self.batchRecords, whole)]))
            }
        }
        carried += bytes[whole...]
    }

    /// Sifts what is still open.
    mutating func finish() { match(isFinal: true) }

    private mutating func decode(_ records: UnsafeRawBufferPointer) throws {
        var taken = 0
        batch.removeAll()
        batch.append(addingCapacity: records.count / 4) { times, channels in
            let done = kernel.decode(records, times: times, channels: channels)
            taken = done.records
            return done.tags
        }
        guard taken == records.count / 4 else { throw QKDError(.outOfRange, "the tagger's clock has run out") }
        // However much came at once, what waits stays in the caches.
        if waiting > 8 * Self.batchRecords { match(isFinal: false) }
        waiting += batch.count
        tags += batch.count
        split()
        stream.addAlice(alice)
        stream.addBob(bob)
    }

    /// Parts the sides: Bob's channels are 4 to 7.
    private mutating func split() {
        alice.removeAll()
        bob.removeAll()
        let count = batch.count
        batch.times.withUnsafeBufferPointer { times in
            batch.channels.withUnsafeBufferPointer { channels in
                bob.append(addingCapacity: count) { bobTimes, bobChannels in
                    var ofAlice = 0
                    alice.append(addingCapacity: count) { aliceTimes, aliceChannels in
                        ofAlice = SplitKernel.split(
                            times, channels, sides: 4, without: .init(times: aliceTimes, channels: aliceChannels),
                            with: .init(times: bobTimes, channels: bobChannels))
                        return ofAlice
                    }
                    return count - ofAlice
                }
            }
        }
    }

    private mutating func match(isFinal: Bool) {
        waiting = 0
        stream.match(isFinal: isFinal)
        sifter.add(aliceChannels: stream.found.aliceChannels, bobChannels: stream.found.bobChannels)
        // The keys would go to the next stage here.
        bits += sifter.keys.bitCount
        errors += sifter.keys.errorCount
        sifter.clearKeys()
    }
}
