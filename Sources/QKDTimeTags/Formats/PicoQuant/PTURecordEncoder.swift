import QKDCore

/// Why a tag has no record.
struct PTURefusal: Error {
    var kind: QKDError.Kind
    /// `time` or `channel`.
    var field: String
    var message: String
}

/// Finds the record of a tag, but for what overflows take off its ticks.
protocol PTURecordEncoder {
    /// The scale of the ticks that overflows count.
    var tickScale: TickScale { get }
    /// The ticks (syncs in T3) of a tag, and the rest of its record; the time is not negative and in range, the
    /// channel is one that the record type has. Later times never get fewer ticks.
    func place(_ timePS: Int64, _ channel: UInt8) throws(PTURefusal) -> (tick: Int64, bits: UInt32)
}

/// T2: a tick and a channel.
struct PTUT2Encoder: PTURecordEncoder {
    let tickScale: TickScale
    private let isPicoHarp: Bool

    init(_ options: PTUWriteOptions) {
        tickScale = TickScale(resolutionSeconds: options.globalResolutionSeconds)
        isPicoHarp = options.recordType.isPicoHarp
    }

    @inline(__always)
    func place(_ timePS: Int64, _ channel: UInt8) throws(PTURefusal) -> (tick: Int64, bits: UInt32) {
        let tick = tickScale.nearestTick(timePS)
        // Bit 6 of the channel is the special bit of the record.
        guard isPicoHarp else { return (tick, UInt32(channel) << 25) }
        guard channel & 0x40 != 0 else { return (tick, UInt32(channel) << 28) }
        // The mask takes the place of the low bits. Cutting them, not rounding, keeps the marker within its
        // epoch, which begins at a multiple of 16.
        return (tick & ~0xF, 0xF000_0000 | UInt32(channel & 0xF))
    }
}

/// T3: a number of syncs, a delay since the last sync, and a channel.
struct PTUT3Encoder: PTURecordEncoder {
    let tickScale: TickScale
    private let bin: TickScale
    private let isPicoHarp: Bool
    private let maximumDelayBins: Int64
    /// The last bin that is told from the next sync when times are whole picoseconds.
    private let lastBin: Int64
    /// Ties go to the later place where all times are exact. Where they are rounded on reading (halves up),
    /// the earlier place is the one that is found again.
    private let tiesUp: Bool

    init(_ options: PTUWriteOptions) {
        tickScale = TickScale(resolutionSeconds: options.globalResolutionSeconds)
        bin = TickScale(resolutionSeconds: options.resolutionSeconds)
        isPicoHarp = options.recordType.isPicoHarp
        maximumDelayBins = options.recordType.maximumDelayBins ?? 0
        let period = tickScale.exact(1)
        lastBin = bin.floorTick(period - FixedPS(whole: 1, fraction: 0))
        tiesUp = tickScale.isWhole && bin.isWhole
    }

    @inline(__always)
    func place(_ timePS: Int64, _ channel: UInt8) throws(PTURefusal) -> (tick: Int64, bits: UInt32) {
        let (syncs, delay) = nearest(timePS)
        if channel & 0x40 != 0 {
            // A marker has no delay; PicoHarp keeps the mask there.
            return (syncs, isPicoHarp ? 0xF000_0000 | UInt32(channel & 0xF) << 16 : UInt32(channel) << 25)
        }
        guard delay <= maximumDelayBins else {
            throw PTURefusal(
                kind: .outOfRange, field: "time",
                message: "\(timePS) ps is \(delay) bins after its sync and a record holds \(maximumDelayBins): "
                    + "the sync period is too long for the bin")
        }
        let field = UInt32(truncatingIfNeeded: delay)
        return (syncs, isPicoHarp ? UInt32(channel) << 28 | field << 16 : UInt32(channel) << 25 | field << 10)
    }

    /// The syncs and the bins of the place nearest to a time. What is read of this place leads back to it.
    @inline(__always)
    func nearest(_ timePS: Int64) -> (syncs: Int64, delay: Int64) {
        let time = FixedPS(whole: timePS, fraction: 0)
        let syncs = tickScale.floorTick(time)
        let rest = time - tickScale.exact(syncs)
        let below = min(bin.floorTick(rest), lastBin)
        let down = rest - bin.exact(below)
        let atEnd = below == lastBin
        let up = (atEnd ? tickScale.exact(1) : bin.exact(below + 1)) - rest
        guard tiesUp ? up <= down : up < down else { return (syncs, below) }
        return atEnd ? (syncs + 1, 0) : (syncs, below + 1)
    }
}
