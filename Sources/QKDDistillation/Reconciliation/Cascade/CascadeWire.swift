import QKDCore

/// The questions of the side that corrects, as bytes. The first byte is the kind:
///
/// - `0x00`: the parities of all blocks, pass by pass, and of all subsets; nothing follows.
/// - `0x40 | log`: a step of the first search, for which blocks of the first pass lie within words: the parities of the left
///   halves of nodes of 2^log bits. At first a bit for each block follows, 1 for one that is odd; then, log by log down to 1,
///   a bit for each node that was asked about before, 1 where its left half is odd and the search goes there.
/// - `0x80 | pass`: the parities of left halves of nodes of a pass, those after the last being subsets. The number of nodes
///   follows in four bytes, then each node's middle: the place in the pass at which its right half begins. A middle has as many
///   bytes as the frame's highest place takes. Nodes of further passes may follow in the same way.
///
/// A node is a block or a half of a node, so that its middle tells its length. Numbers begin with the lowest byte. Bits are eight
/// a byte, the first lowest. An answer has a bit for each parity.
enum CascadeWire {
    static let roots: UInt8 = 0x00
    static let turns: UInt8 = 0x40
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

    /// Bytes of a middle.
    static func middleBytes(_ plan: CascadePlan) -> Int { (plan.wholeLog + 7) / 8 }

    /// Writes a pass' nodes, `5 + middles.count * width` bytes; returns how many.
    static func write(
        _ middles: UnsafeBufferPointer<UInt32>, pass: Int, width: Int, to bytes: UnsafeMutablePointer<UInt8>
    ) -> Int {
        bytes[0] = nodes | UInt8(pass)
        for byte in 0..<4 { bytes[1 + byte] = UInt8(truncatingIfNeeded: middles.count >> (8 * byte)) }
        let start = UnsafeMutableRawPointer(bytes + 5)
        // A word each, of which the next one takes back what is too much.
        for (index, middle) in middles.dropLast().enumerated() {
            start.storeBytes(of: middle.littleEndian, toByteOffset: index &* width, as: UInt32.self)
        }
        if let last = middles.last {
            let offset = width * (middles.count - 1)
            for byte in 0..<width {
                let value = UInt8(truncatingIfNeeded: last >> UInt32(8 * byte))
                start.storeBytes(of: value, toByteOffset: offset + byte, as: UInt8.self)
            }
        }
        return 5 + width * middles.count
    }

    /// Reads a middle that is there.
    @inline(__always) static func middle(_ question: [UInt8], at offset: Int, width: Int) -> Int {
        guard offset &+ 4 <= question.count else {
            return (0..<width).reduce(0) { $0 | Int(question[offset + $1]) << (8 * $1) }
        }
        let word = question.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        return Int(UInt32(littleEndian: word) & UInt32.max &>> UInt32(32 &- 8 &* width))
    }

    /// The question for a single node.
    static func question(middle: Int, pass: Int, _ plan: CascadePlan) -> [UInt8] {
        let width = middleBytes(plan)
        var bytes = [UInt8](repeating: 0, count: 5 + width)
        bytes.withUnsafeMutableBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            withUnsafePointer(to: UInt32(middle)) {
                _ = write(UnsafeBufferPointer(start: $0, count: 1), pass: pass, width: width, to: start)
            }
        }
        return bytes
    }

    /// `count` bits as bytes.
    static func bytes(_ words: UnsafePointer<UInt64>, count: Int, after kind: UInt8? = nil) -> [UInt8] {
        let (head, body) = (kind == nil ? 0 : 1, (count + 7) / 8)
        return [UInt8](unsafeUninitializedCapacity: head + body) { bytes, size in
            if let kind { bytes[0] = kind }
            for index in 0..<body {
                bytes[head + index] = UInt8(truncatingIfNeeded: words[index >> 3] &>> UInt64(8 * (index & 7)))
            }
            size = head + body
        }
    }

    /// Bytes from `first` on as words, with a word of zeros behind them.
    static func words(_ bytes: [UInt8], from first: Int) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: (bytes.count - first + 7) / 8 + 1)
        for index in first..<bytes.count {
            words[(index - first) >> 3] |= UInt64(bytes[index]) << UInt64(8 * ((index - first) & 7))
        }
        return words
    }
}

/// Packs the parities of an answer.
struct ParityPacker {
    private(set) var words: [UInt64] = []
    private(set) var count = 0
    private var last: UInt64 = 0

    init(capacity: Int) { words.reserveCapacity(capacity / 64 + 1) }

    @inline(__always) mutating func append(_ parity: UInt64) {
        last |= parity &<< UInt64(truncatingIfNeeded: count & 63)
        count &+= 1
        if count & 63 == 0 {
            words.append(last)
            last = 0
        }
    }

    /// All bytes, the last one filled with zeros.
    var answer: [UInt8] { CascadeWire.bytes(words + [last], count: count) }
}
