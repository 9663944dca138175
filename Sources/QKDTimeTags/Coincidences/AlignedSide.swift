import QKDCore
import QKDKernels

/// One party's tags on the common clock, those that may still find a partner.
struct AlignedSide: Sendable {
    private(set) var times: [Int64] = []
    private(set) var channels: [UInt8] = []
    /// Tags in front of this one have been matched, or can be reached by none.
    var head = 0
    /// Tags that were here before the first one.
    private(set) var forgotten = 0
    /// How tags that come from now on are aligned.
    var kernel: AlignKernel

    init(_ kernel: AlignKernel) { self.kernel = kernel }

    /// The time up to which tags are here.
    var lastPS: Int64 { times.last ?? .min }

    mutating func append(_ batch: TagBatch) {
        let start = times.count
        times.append(addingCapacity: batch.count) { room in
            room.withUnsafeMutableBufferPointer { room, count in
                guard let room = room.baseAddress else { return }
                batch.times.withUnsafeBufferPointer { times in
                    batch.channels.withUnsafeBufferPointer { kernel.align(times, $0, into: room) }
                }
                count = batch.count
            }
        }
        channels.append(contentsOf: batch.channels)
        NearlySorted.putInOrder(&times, &channels, from: start, floor: head)
    }

    /// Moves the tags that are still to be matched from one relation to another, to 1 ps.
    mutating func realign(from old: ClockRelation, to new: ClockRelation) {
        times.withUnsafeMutableBufferPointer { times in
            for place in head..<times.count {
                // Her own time, near enough: the relations' difference changes slowly.
                let near = times[place] &- old.offsetPS
                let guess = old.departurePS(atSeconds: Double(near &- old.referencePS) * 1e-12)
                let time = near &- Int64(guess.rounded())
                let before = old.departurePS(atSeconds: Double(time &- old.referencePS) * 1e-12)
                let after = new.departurePS(atSeconds: Double(time &- new.referencePS) * 1e-12)
                times[place] &+= new.offsetPS &- old.offsetPS &+ Int64((after - before).rounded())
            }
        }
        NearlySorted.putInOrder(&times, &channels, from: head + 1, floor: head)
    }

    /// The inputs of the tags at the first `count` of these places of the whole.
    func channels(at places: [Int], _ count: Int, into found: inout [UInt8]) {
        Self.pick(channels, at: places, count, base: forgotten, into: &found)
    }

    /// The channels at places that count from `base` on, in place of what `found` held.
    static func pick(_ channels: [UInt8], at places: [Int], _ count: Int, base: Int, into found: inout [UInt8]) {
        found.removeAll(keepingCapacity: true)
        found.append(addingCapacity: count) { room in
            room.withUnsafeMutableBufferPointer { room, number in
                places.withUnsafeBufferPointer { places in
                    channels.withUnsafeBufferPointer { channels in
                        for place in 0..<count { room[place] = channels[places[place] &- base] }
                    }
                }
                number = count
            }
        }
    }

    /// The first place from the head on with a later time.
    func firstPlace(after timePS: Int64) -> Int {
        times.withUnsafeBufferPointer { times in
            var (low, high) = (head, times.count)
            while low < high {
                let middle = (low + high) / 2
                if times[middle] <= timePS { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// Moves into another one's memory, which is close at hand for the core that asks; its tags go.
    mutating func moveIn(_ batch: inout TagBatch) {
        batch.removeAll()
        batch.times.append(contentsOf: times[head...])
        batch.channels.append(contentsOf: channels[head...])
        swap(&times, &batch.times)
        swap(&channels, &batch.channels)
        forgotten += head
        head = 0
    }

    /// Hands over the tags from the head up to a place, and keeps only those behind it, which are few.
    mutating func hand(upTo end: Int, to batch: inout TagBatch) {
        times.removeFirst(head)
        channels.removeFirst(head)
        let end = end - head
        forgotten += head
        head = end
        moveIn(&batch)
        batch.times.removeLast(batch.times.count - end)
        batch.channels.removeLast(batch.channels.count - end)
    }

    /// Forgets what is in front of the head and of a place of the whole, once that is worth the move.
    mutating func forget(before place: Int) {
        let spent = min(head, place - forgotten)
        guard spent > 0, 2 * spent >= times.count else { return }
        times.removeFirst(spent)
        channels.removeFirst(spent)
        head -= spent
        forgotten += spent
    }
}

extension AlignKernel {
    /// Tells Alice's times on Bob's clock by a relation without wander, her detectors' delays taken off.
    init(_ relation: ClockRelation, delaysPS: [Double]) {
        self.init(
            referencePS: relation.referencePS, offsetPS: relation.offsetPS, c0: relation.offsetFractionPS,
            c1: relation.skew, c2: 0.5e-12 * relation.driftPerSecond, delaysPS: delaysPS)
    }
}
