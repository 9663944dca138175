import QKDCore

/// The questions of the side that corrects, as bytes. The first byte is kind and pass:
///
/// - `0x00 | pass`: the parities of all blocks of a pass; nothing follows.
/// - `0x40`: the parities of all subsets; nothing follows.
/// - `0x80 | pass`: the parities of nodes of a pass, those after the last being subsets. The number of nodes follows, then the
///   difference from each node's id to the next, its sign in the lowest bit. Numbers have seven bits a byte, lowest first,
///   the highest bit set in all bytes but the last. Nodes of further passes may follow in the same way.
///
/// An answer has a bit for each parity, eight a byte, the first lowest.
enum CascadeWire {
    static let subsets: UInt8 = 0x40
    static let nodes: UInt8 = 0x80
    static let kindMask: UInt8 = 0xC0

    static func violation(_ message: String, _ offset: Int) -> QKDError {
        QKDError(.protocolViolation, "Cascade: \(message)", at: .init("question", byteOffset: offset))
    }

    /// Checks the length of an answer of `count` parities; throws `protocolViolation`.
    static func check(_ answer: [UInt8], count: Int) throws(QKDError) {
        guard answer.count == (count + 7) / 8 else {
            throw QKDError(
                .protocolViolation, "Cascade: \(answer.count) bytes are no answer of \(count) parities",
                at: .init("answer", byteOffset: min(answer.count, (count + 7) / 8)))
        }
    }
}

/// Writes the nodes of a question.
struct CascadeNodeWriter {
    private(set) var bytes: [UInt8] = []
    private var last = 0

    /// Begins a pass.
    mutating func begin(pass: Int, count: Int) {
        bytes.reserveCapacity(bytes.count + 3 * count + 8)
        bytes.append(CascadeWire.nodes | UInt8(pass))
        append(UInt64(count))
        last = 0
    }

    @inline(__always) mutating func append(node: Int) {
        let step = node &- last
        append(UInt64(bitPattern: Int64(step << 1 ^ step >> 63)))
        last = node
    }

    @inline(__always) private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// Reads the nodes of a question; throws `protocolViolation` with the offset.
struct CascadeNodeReader {
    private let bytes: [UInt8]
    private var offset = 0
    private var last = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func begin() throws(QKDError) -> (pass: Int, count: Int) {
        guard offset < bytes.count, bytes[offset] & CascadeWire.kindMask == CascadeWire.nodes else {
            throw CascadeWire.violation("an unknown question", offset)
        }
        let pass = Int(bytes[offset] & ~CascadeWire.kindMask)
        offset += 1
        let count = try number()
        // Each node takes a byte at least.
        guard count <= UInt64(bytes.count - offset) else {
            throw CascadeWire.violation("\(count) nodes do not fit", offset)
        }
        last = 0
        return (pass, Int(count))
    }

    @inline(__always) mutating func node() throws(QKDError) -> Int {
        let value = try number()
        let (id, overflows) = last.addingReportingOverflow(Int(value >> 1) ^ -Int(value & 1))
        guard !overflows, id >= 0 else { throw CascadeWire.violation("a node before the first", offset) }
        last = id
        return id
    }

    @inline(__always) private mutating func number() throws(QKDError) -> UInt64 {
        var value: UInt64 = 0
        // Nine bytes: 63 bits.
        for place in 0..<9 {
            guard offset < bytes.count else {
                throw CascadeWire.violation("the question ends within a number", offset)
            }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 { return value }
        }
        throw CascadeWire.violation("a number of more than nine bytes", offset)
    }
}

/// Packs the parities of an answer.
struct ParityPacker {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    private var last: UInt64 = 0

    init(capacity: Int) { bytes.reserveCapacity((capacity + 7) / 8) }

    @inline(__always) mutating func append(_ parity: UInt64) {
        last |= parity &<< UInt64(truncatingIfNeeded: count & 7)
        count &+= 1
        if count & 7 == 0 {
            bytes.append(UInt8(truncatingIfNeeded: last))
            last = 0
        }
    }

    /// All bytes, the last one filled with zeros.
    var answer: [UInt8] { count & 7 == 0 ? bytes : bytes + [UInt8(truncatingIfNeeded: last)] }
}
