import QKDCore

/// Writes tags as qcrypto `a1` events of 8 bytes, which `readevents`' own tools read.
///
/// Neighbouring tags of one tick on different channels share an event, as the instruments do it. The
/// file appears under its name, whole, in `finish`; a writer that is dropped before leaves nothing behind.
/// One owner.
public final class QCryptoA1Writer {
    /// What was written.
    public struct Counts: Sendable, Equatable {
        /// Events in the file.
        public var records = 0
        /// Tags in the events.
        public var tags = 0
        /// Tags whose time lies before the one in front of them; written as they came.
        public var inversions = 0
        /// Holes of the batches, which the format has no mark for.
        public var unmarkedHoles = 0
        /// Starts at zero.
        public init() {}
    }

    /// The layout that is written.
    public let layout: QCryptoA1Layout
    /// What was taken so far; `records` counts an event once no further hit can join it.
    public private(set) var counts = Counts()

    private let file: AtomicFile
    private var buffer: [UInt64] = []
    /// The event that further hits of the same tick may join; 0 if there is none.
    private var open: UInt64 = 0
    private var lastTimePS = Int64.min

    private static let bufferRecords = 8_192

    /// Starts a file that will be called `path`; `mode` is its permissions.
    public init(path: String, layout: QCryptoA1Layout = .init(), mode: UInt32 = 0o600) throws {
        self.layout = layout
        file = try AtomicFile(path: path, mode: mode)
        buffer.reserveCapacity(Self.bufferRecords)
    }

    /// Adds tags of channels 1 to 4 with times from 0 to 2^46 ns (814 days), rounded to the layout's unit.
    ///
    /// Throws `outOfRange` for another channel or time, after having taken the tags before it, and
    /// what the system says when the disk is full.
    public func append(_ batch: TagBatch) throws {
        for index in 0..<batch.count {
            let time = batch.times[index]
            let channel = batch.channels[index]
            guard (1...4).contains(channel) else {
                throw QKDError(
                    .outOfRange, "a1 events hold channels 1 to 4, not \(channel)",
                    at: .init(file.path, field: "channel"))
            }
            guard let bits = timeBits(time) else {
                throw QKDError(
                    .outOfRange, "a1 events hold times from 0 to 2^46 ns, not \(time) ps",
                    at: .init(file.path, field: "time"))
            }
            let hit = UInt64(1) << UInt64(channel - 1)
            if open & 0xF != 0, open & ~0xF == bits, open & hit == 0 {
                open |= hit
            } else {
                try flushOpen()
                open = bits | hit
            }
            if time < lastTimePS { counts.inversions += 1 }
            lastTimePS = time
            counts.tags += 1
        }
        counts.unmarkedHoles += batch.holes.count
    }

    /// Writes what is left, makes it lasting and gives the file its name.
    public func finish() throws {
        try flushOpen()
        try flushBuffer()
        try file.commit()
    }

    /// Gives the file up and removes what was written.
    public func abandon() {
        file.abandon()
    }

    /// The time at its place in the event, rounded to nearest, halves up; `nil` if it does not fit.
    private func timeBits(_ timePS: Int64) -> UInt64? {
        // 1/256 ns is 125/32 ps; 2^46 ns is 7.04e16 ps, so 32 times that still fits.
        guard timePS >= 0, timePS < (1 << 46) * 1_000 else { return nil }
        let shift = layout.unit.timeShift - 10
        let unit = Int64(125) << Int64(shift)
        let ticks = (timePS * 32 + unit / 2) / unit
        guard ticks < 1 << Int64(54 - shift) else { return nil }
        return UInt64(ticks) << layout.unit.timeShift
    }

    private func flushOpen() throws {
        guard open != 0 else { return }
        buffer.append((layout.wordOrder == .swapped ? open >> 32 | open << 32 : open).littleEndian)
        counts.records += 1
        open = 0
        if buffer.count >= Self.bufferRecords { try flushBuffer() }
    }

    private func flushBuffer() throws {
        try buffer.withUnsafeBytes { try file.write($0) }
        buffer.removeAll(keepingCapacity: true)
    }
}
