import QKDCore
import QKDPhysics
import QKDTimeTags

/// Records made before the clock runs, to be sent round and round: one tagger with Alice's and Bob's detectors.
///
/// Channels are 0 to 3 for Alice and 4 to 7 for Bob. The last record carries the time counter over, so that each lap
/// follows the one before it in time.
struct RecordRing: Sendable {
    /// HydraHarp T2 records, little-endian.
    let bytes: [UInt8]
    /// Records and tags of a lap.
    var records: Int { bytes.count / 4 }
    /// Tags of a lap.
    let tags: Int
    /// Overflow record that stands for one wrap.
    private static let overflow: [UInt8] = [1, 0, 0, 0xFE]

    /// Makes a ring of at least `leastBytes` at `ratePerSecond` tags of both sides together.
    init(seed: UInt64, ratePerSecond: Double, leastBytes: Int) {
        var workload = PairWorkload()
        workload.tags = leastBytes / 8
        workload.durationPS = Double(2 * workload.tags) / ratePerSecond * 1e12
        let (alice, bob) = workload.make(seed: seed)
        var bytes: [UInt8] = []
        var base: Int64 = 0
        bytes.append(addingCapacity: 4 * (alice.count + bob.count) * 17 / 8) { room in
            func put(_ record: UInt32) {
                for byte in 0..<4 { room.append(UInt8(truncatingIfNeeded: record >> (8 * UInt32(byte)))) }
            }
            var (i, j) = (0, 0)
            while i < alice.count || j < bob.count {
                let takesAlice = j == bob.count || i < alice.count && alice.times[i] <= bob.times[j]
                let time = takesAlice ? alice.times[i] : bob.times[j]
                let channel = takesAlice ? alice.channels[i] : bob.channels[j] + 4
                if takesAlice { i += 1 } else { j += 1 }
                if time >> 25 > base {
                    put(0xFE00_0000 | UInt32(truncatingIfNeeded: time >> 25 - base))
                    base = time >> 25
                }
                put(UInt32(channel) << 25 | UInt32(truncatingIfNeeded: time & 0x1FF_FFFF))
            }
            put(0xFE00_0001)
        }
        self.bytes = bytes
        tags = alice.count + bob.count
    }
}
