import QKDCore
import QKDTransport

/// Something that goes wrong with the tagger of an emulated bench, at a time.
public struct BenchFault: Sendable, Equatable {
    /// What goes wrong.
    public enum Kind: Sendable, Equatable {
        /// So many bytes vanish on the wire.
        case loseBytes(Int)
        /// The tagger's buffer runs over and so many records vanish.
        case overflow(records: Int)
        /// The tagger hangs for so long, picoseconds.
        case stall(Int64)
        /// The tagger is unplugged for so long, picoseconds, and forgets everything.
        case unplug(Int64)
        /// The tagger's clock steps, picoseconds.
        case clockStep(Int64)
    }

    /// What goes wrong.
    public var kind: Kind
    /// When, picoseconds of bench time from the first frame on.
    public var atPS: Int64
    /// As it was asked for.
    public let text: String

    /// The forms that `init(_:)` takes, for help texts.
    public static let forms =
        "lose-bytes@S=COUNT, overflow@S=RECORDS, stall@S=SECONDS, unplug@S=SECONDS, clock-step@S=SECONDS"

    /// Reads one of `forms`, such as `stall@2.5=0.4`; S is the bench time from the first frame on, seconds.
    /// Throws `invalidInput`.
    public init(_ text: String) throws(QKDError) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        let head = parts[0].split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, head.count == 2, let at = Double(head[1]), (0...86_400).contains(at) else {
            throw QKDError(.invalidInput, "'\(text)' is no fault; the forms are \(Self.forms)")
        }
        func number<Value: LosslessStringConvertible & Comparable>(
            _ range: ClosedRange<Value>, _ meaning: String
        ) throws(QKDError) -> Value {
            guard let value = Value(String(parts[1])), range.contains(value) else {
                throw QKDError(
                    .invalidInput,
                    "in '\(text)', \(meaning) must lie between \(range.lowerBound) and \(range.upperBound)")
            }
            return value
        }
        switch head[0] {
        case "lose-bytes": kind = .loseBytes(try number(1...1_000_000, "the count"))
        case "overflow": kind = .overflow(records: try number(1...100_000_000, "the records"))
        case "stall": kind = .stall(Picoseconds.from(seconds: try number(0.001...3_600, "the seconds")))
        case "unplug": kind = .unplug(Picoseconds.from(seconds: try number(0.001...3_600, "the seconds")))
        case "clock-step": kind = .clockStep(Picoseconds.from(seconds: try number(-10...10, "the seconds")))
        default: throw QKDError(.invalidInput, "there is no fault '\(head[0])'; the forms are \(Self.forms)")
        }
        atPS = Picoseconds.from(seconds: at)
        self.text = text
    }
}

/// The steps that faults consist of, in the order of time.
struct FaultSchedule: Sendable {
    enum Action: Sendable, CustomStringConvertible {
        case tagger(TaggerFault)
        case unplug
        case plugIn

        var description: String {
            switch self {
            case .tagger(let fault): "\(fault)"
            case .unplug: "unplugged"
            case .plugIn: "plugged in, its counter at 0"
            }
        }
    }

    /// Times count from `startPS` on, which is not known at first.
    private var actions: [(atPS: Int64, action: Action)]
    private var startPS: Int64?

    init(_ faults: [BenchFault]) {
        actions = faults.flatMap { fault -> [(atPS: Int64, action: Action)] in
            let at = fault.atPS
            switch fault.kind {
            case .loseBytes(let count): return [(at, .tagger(.loseBytes(count)))]
            case .overflow(let records): return [(at, .tagger(.overflow(records: records)))]
            case .stall(let length): return [(at, .tagger(.stall)), (at + length, .tagger(.recover))]
            case .unplug(let length): return [(at, .unplug), (at + length, .plugIn)]
            case .clockStep(let step): return [(at, .tagger(.clockStep(step)))]
            }
        }.sorted { $0.atPS < $1.atPS }
    }

    /// Faults count from here on; only the first call has an effect.
    mutating func start(atPS nowPS: Int64) { startPS = startPS ?? nowPS }

    /// When the next fault is due, picoseconds of world time.
    var nextPS: Int64? {
        guard let startPS, let first = actions.first else { return nil }
        return startPS + first.atPS
    }

    /// The faults that are due.
    mutating func due(atPS nowPS: Int64) -> [Action] {
        guard let startPS else { return [] }
        let due = actions.prefix(while: { startPS + $0.atPS <= nowPS })
        actions.removeFirst(due.count)
        return due.map(\.action)
    }
}
