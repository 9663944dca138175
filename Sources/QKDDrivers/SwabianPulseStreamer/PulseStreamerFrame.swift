import QKDCore

/// Writes modulation frames as the Pulse Streamer's pulse records.
///
/// A record is 9 bytes, packed and little-endian: u32 ticks of 1 ns, u8 digital lines, i16 analog 0, i16
/// analog 1, with ±1 V at ±0x7FFF (PyPI `pulsestreamer` 2.1.2, `enc_binary`). Each symbol makes two
/// records: the lit part of the slot and its dark rest.
enum PulseStreamerFrame {
    static let recordByteCount = 9
    /// Steps that the device holds.
    static let stepLimit = 2_000_000
    static let stepsPerSymbol = 2
    static let symbolByteCount = recordByteCount * stepsPerSymbol
    /// The analog range, volts.
    static let analogVolts = -1.0...1.0
    static let analogFullScale = 0x7FFF

    /// Bytes of a frame's records.
    static func byteCount(_ frame: ModulationFrame) -> Int { frame.symbols.count * symbolByteCount }

    /// Throws `outOfRange` or `invalidInput` unless the device can play the frame.
    static func check(_ frame: ModulationFrame) throws {
        let steps = frame.symbols.count * stepsPerSymbol
        guard steps > 0 else { throw QKDError(.invalidInput, "a frame without symbols") }
        guard steps <= stepLimit else {
            throw QKDError(.outOfRange, "a frame of \(steps) steps is longer than the device's \(stepLimit)")
        }
        guard frame.pulseTicks > 0, frame.pulseTicks < frame.slotTicks else {
            throw QKDError(
                .outOfRange, "a pulse of \(frame.pulseTicks) ticks does not leave a dark rest in \(frame.slotTicks)")
        }
        for (index, symbol) in frame.alphabet.enumerated() where !analogVolts.contains(symbol.analogVolts) {
            throw QKDError(.outOfRange, "symbol \(index) needs \(symbol.analogVolts) V, outside -1 to 1 V")
        }
        let highest = frame.symbols.max() ?? 0
        guard Int(highest) < frame.alphabet.count else {
            let index = frame.symbols.firstIndex { Int($0) >= frame.alphabet.count } ?? 0
            throw QKDError(
                .invalidInput,
                "slot \(index) has symbol \(frame.symbols[index]) of an alphabet of \(frame.alphabet.count)")
        }
    }

    /// Writes a checked frame's records; `target` has room for `byteCount(frame)` bytes.
    static func write(_ frame: ModulationFrame, to target: UnsafeMutableRawPointer) {
        // 18 bytes a symbol, as two words and a half-word that can be stored at once.
        var low: [UInt64] = []
        var high: [UInt64] = []
        var tail: [UInt16] = []
        for symbol in frame.alphabet {
            let bytes = template(symbol, frame)
            bytes.withUnsafeBytes { bytes in
                low.append(bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
                high.append(bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                tail.append(bytes.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
            }
        }
        low.withUnsafeBufferPointer { low in
            high.withUnsafeBufferPointer { high in
                tail.withUnsafeBufferPointer { tail in
                    frame.symbols.withUnsafeBufferPointer { symbols in
                        var place = target
                        for position in 0..<symbols.count {
                            let symbol = Int(symbols[position])
                            place.storeBytes(of: low[symbol], as: UInt64.self)
                            place.storeBytes(of: high[symbol], toByteOffset: 8, as: UInt64.self)
                            place.storeBytes(of: tail[symbol], toByteOffset: 16, as: UInt16.self)
                            place += symbolByteCount
                        }
                    }
                }
            }
        }
    }

    /// The two records of one symbol.
    static func template(_ symbol: ModulationSymbol, _ frame: ModulationFrame) -> [UInt8] {
        record(ticks: frame.pulseTicks, lines: symbol.lines, volts: (symbol.analogVolts, 0))
            + record(ticks: frame.slotTicks - frame.pulseTicks, lines: 0, volts: (0, 0))
    }

    /// One record; volts within ±1.
    static func record(ticks: UInt32, lines: UInt8, volts: (Double, Double)) -> [UInt8] {
        var bytes = littleEndian(ticks)
        bytes.append(lines)
        bytes += littleEndian(analog(volts.0))
        bytes += littleEndian(analog(volts.1))
        return bytes
    }

    /// Volts in the device's units, to nearest, halves to even as the vendor's client has it.
    static func analog(_ volts: Double) -> Int16 {
        Int16((volts * Double(analogFullScale)).rounded(.toNearestOrEven))
    }

    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
