import CQKDSystem
import QKDCore

/// A change of an input line.
public struct GPIOEdge: Sendable, Equatable {
    /// Nanoseconds on the kernel's monotonic clock.
    public var timeNS: UInt64
    /// The line's offset on its chip.
    public var offset: UInt32
    /// Whether the level rose.
    public var isRising: Bool
    /// Edges of the same line that the kernel dropped before this one, as far as that can be told.
    public var lostBefore: Int
}

/// Which changes are told.
public enum GPIOEdgeKind: Sendable {
    case rising
    case falling
    case both
}

/// Watches input lines for edges, and counts those that the kernel's buffer lost.
///
/// libgpiod 2 numbers the edges of a line, so that lost ones show. 1.x keeps 16 edges a line, loses the rest and cannot
/// tell: there `watch` refuses rates at which a reader that comes every 16 ms would lose some.
public actor GPIOEdges {
    /// The highest rate that can be watched with libgpiod 1.x, edges a second and line.
    public static let highestUncountedRateHz = 1000.0
    /// Edges that the kernel keeps for us with libgpiod 2.
    public static let bufferLength = 1024

    private let request: GPIORequest
    private var lastSequence: [UInt32: UInt32] = [:]
    /// Edges that came.
    public private(set) var seen = 0
    /// Edges that were lost in the kernel's buffer, as far as that can be told.
    public private(set) var lost = 0

    private init(_ request: GPIORequest) { self.request = request }

    /// Requests lines; `expectedRateHz` is the most edges a second that any of them will have.
    ///
    /// Throws `unsupported` for a rate at which losses could not be told, and what `GPIOChips.inputs` throws.
    public static func watch(
        _ address: GPIOAddress, _ kind: GPIOEdgeKind = .both, expectedRateHz: Double
    ) async throws -> GPIOEdges {
        try checkRate(expectedRateHz, showsLostEdges: GPIOChips.showsLostEdges, at: address)
        let edges: CInt = kind == .both ? 3 : kind == .rising ? 1 : 2
        let request = try await GPIOChips.request(address) {
            qkd_gpio_watch(
                address.chip, address.offsets, address.offsets.count, edges, bufferLength, GPIOChips.consumer, &$0)
        }
        return GPIOEdges(request)
    }

    static func checkRate(_ rateHz: Double, showsLostEdges: Bool, at address: GPIOAddress) throws {
        guard showsLostEdges || rateHz <= highestUncountedRateHz else {
            throw QKDError(
                .unsupported,
                "libgpiod 1.x keeps 16 edges and loses more without a word: \(rateHz) edges a second are above its limit of \(highestUncountedRateHz); use libgpiod 2",
                at: .init(address.description))
        }
    }

    /// Edges that came, at most 64; none when the time was over.
    public func next(timeout: Duration) async throws -> [GPIOEdge] {
        let limit = Int32(clamping: max(0, timeout.picoseconds / Picoseconds.perMillisecond))
        return try await request.edges(timeoutMS: limit).map { edge in
            let lostBefore = gap(line: edge.offset, sequence: edge.line_sequence)
            seen += 1
            lost += lostBefore
            return GPIOEdge(
                timeNS: edge.time_ns, offset: edge.offset, isRising: edge.is_rising != 0, lostBefore: lostBefore)
        }
    }

    /// Gives the lines up.
    public func close() async { await request.close() }

    /// Numbers that are missing between an edge and the one before it; 0 stands for "not told".
    private func gap(line: UInt32, sequence: UInt32) -> Int {
        guard sequence != 0 else { return 0 }
        defer { lastSequence[line] = sequence }
        return Int(sequence &- (lastSequence[line] ?? 0) &- 1)
    }
}
