import QKDCore

/// The outputs at one moment, in the device's units.
struct EmulatedPulseState: Sendable, Equatable {
    var lines: UInt8 = 0
    var analog0: Int16 = 0
    var analog1: Int16 = 0

    static let voltsPerUnit = 1.0 / 32_767.0

    var isDark: Bool { lines == 0 && analog0 == 0 && analog1 == 0 }

    /// The outputs as the bench sees them; it has no analog line 1.
    var levels: PulserLevels { PulserLevels(lines: lines, analogVolts: Double(analog0) * Self.voltsPerUnit) }
}

/// A sequence as the emulated device holds it.
struct EmulatedPulseSequence: Sendable {
    var waveform: DriveWaveform
    var durationPS: Int64
    /// Whether any output leaves zero in it.
    var isLit: Bool
    /// Runs, or `nil` for no end.
    var runs: Int?
    var final: EmulatedPulseState

    var steps: Int { waveform.ticks.count }
    /// How long all runs take, or `nil` for no end.
    var wholeDurationPS: Int64? {
        runs.map {
            let (product, overflow) = durationPS.multipliedReportingOverflow(by: Int64($0))
            return overflow ? .max / 2 : product
        }
    }

    static let stepLimit = 2_000_000
    static let recordByteCount = 9
    private static let tickPS: Int64 = 1_000

    /// Why a sequence is not taken.
    enum Refusal: Int, Error {
        case truncated = 1
        case empty = 2
        case tooManySteps = 3
        case runs = 4
    }

    /// Reads `steps` records from the start of `bytes`; `runs` is −1 for no end.
    init(records bytes: UnsafeRawBufferPointer, steps: Int, runs: Int64, final: EmulatedPulseState) throws(Refusal) {
        guard steps > 0 else { throw .empty }
        guard steps <= Self.stepLimit else { throw .tooManySteps }
        guard bytes.count >= steps * Self.recordByteCount else { throw .truncated }
        guard runs == -1 || (1...Int64(Int32.max)).contains(runs) else { throw .runs }
        self.runs = runs == -1 ? nil : Int(runs)
        self.final = final
        var columns = Columns(steps: steps)
        columns.fill(from: bytes)
        durationPS = columns.totalTicks * Self.tickPS
        isLit = columns.isLit
        waveform = DriveWaveform(
            ticks: columns.ticks, lines: columns.lines, analog: columns.analog, tickPS: Self.tickPS,
            analogUnitVolts: EmulatedPulseState.voltsPerUnit)
    }

    /// The records' fields, one array each.
    private struct Columns {
        var ticks: [UInt32] = []
        var lines: [UInt8] = []
        var analog: [Int16] = []
        var totalTicks: Int64 = 0
        var isLit = false
        private let steps: Int

        init(steps: Int) { self.steps = steps }

        /// Reads u32 ticks, u8 lines, i16 analog 0, i16 analog 1, without gaps, low byte first.
        mutating func fill(from bytes: UnsafeRawBufferPointer) {
            guard let base = bytes.baseAddress else { return }
            var total: UInt64 = 0
            var lit: UInt64 = 0
            let steps = steps
            ticks = [UInt32](unsafeUninitializedCapacity: steps) { ticks, tickCount in
                lines = [UInt8](unsafeUninitializedCapacity: steps) { lines, lineCount in
                    analog = [Int16](unsafeUninitializedCapacity: steps) { analog, analogCount in
                        var record = base
                        for step in 0..<steps {
                            // Bytes 0…7 at once; byte 8 is the upper half of analog 1.
                            let word = UInt64(littleEndian: record.loadUnaligned(as: UInt64.self))
                            let upper = record.load(fromByteOffset: 8, as: UInt8.self)
                            ticks[step] = UInt32(truncatingIfNeeded: word)
                            lines[step] = UInt8(truncatingIfNeeded: word >> 32)
                            analog[step] = Int16(truncatingIfNeeded: word >> 40)
                            total &+= word & 0xFFFF_FFFF
                            lit |= word >> 32 | UInt64(upper)
                            record += EmulatedPulseSequence.recordByteCount
                        }
                        analogCount = steps
                    }
                    lineCount = steps
                }
                tickCount = steps
            }
            totalTicks = Int64(truncatingIfNeeded: total)
            isLit = lit != 0
        }
    }
}
