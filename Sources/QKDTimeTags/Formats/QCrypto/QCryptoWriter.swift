import QKDCore

/// Writes tags as qcrypto events, which `readevents`' own tools read: 8 bytes each, or hexadecimal lines.
///
/// Neighbouring tags of one tick on different channels share an event, as the instruments do it. The
/// file appears under its name, whole, in `finish`; a writer that is dropped before leaves nothing behind.
/// One owner.
public final class QCryptoWriter: TagWriter {
    /// The layout that is written.
    public let layout: QCryptoLayout
    /// The spelling that is written.
    public let form: QCryptoForm
    /// What was taken so far; `records` counts an event once no further hit can join it.
    public private(set) var counts = TagWriteCounts()

    /// What the bytes in the file stand for.
    private var written = TagWriteCounts()
    private let file: AtomicFile
    private var buffer: [UInt64] = []
    /// The event that further hits of the same tick may join; 0 if there is none.
    private var open: UInt64 = 0
    private var lastTimePS = Int64.min

    private static let bufferRecords = 8_192

    /// Starts a file that will be called `path`; `mode` is its permissions.
    ///
    /// With `keepsPartial` it has its name from the start and stays when the writer is given up.
    public init(
        path: String, layout: QCryptoLayout = .init(), form: QCryptoForm = .a1, mode: UInt32 = 0o600,
        keepsPartial: Bool = false
    ) throws {
        self.layout = layout
        self.form = form
        file = try AtomicFile(path: path, mode: mode, keepsPartial: keepsPartial)
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
                    .outOfRange, "qcrypto events hold channels 1 to 4, not \(channel)",
                    at: .init(file.path, field: "channel"))
            }
            guard let bits = timeBits(time) else {
                throw QKDError(
                    .outOfRange, "qcrypto events hold times from 0 to 2^46 ns, not \(time) ps",
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

    public func flush() throws {
        try flushOpen()
        try flushBuffer()
    }

    public func salvage() throws {
        buffer.removeAll()
        open = 0
        counts = written
        try file.commit()
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
        buffer.append(layout.wordOrder == .swapped ? open >> 32 | open << 32 : open)
        counts.records += 1
        open = 0
        if buffer.count >= Self.bufferRecords { try flushBuffer() }
    }

    private func flushBuffer() throws {
        if form == .a1 {
            for index in buffer.indices { buffer[index] = buffer[index].littleEndian }
            try buffer.withUnsafeBytes { try file.write($0) }
        } else {
            try text().withUnsafeBytes { try file.write($0) }
        }
        buffer.removeAll(keepingCapacity: true)
        written = counts
        // The event that is still open is not in the file.
        written.tags -= (open & 0xF).nonzeroBitCount
    }

    /// The events as lines: `a0` low word first (a swapped layout has its words exchanged already), `a2` as one number.
    private func text() -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(buffer.count * 18)
        func put(_ value: UInt64, digits: Int) {
            for digit in stride(from: 4 * (digits - 1), through: 0, by: -4) {
                let nibble = UInt8(value >> UInt64(digit) & 0xF)
                text.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
            }
            text.append(0x0A)
        }
        for event in buffer {
            if form == .a0 {
                put(event & 0xFFFF_FFFF, digits: 8)
                put(event >> 32, digits: 8)
            } else {
                put(event, digits: 16)
            }
        }
        return text
    }
}
