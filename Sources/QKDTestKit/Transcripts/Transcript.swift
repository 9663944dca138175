import QKDCore

/// What was said on a wire, as data: the exchanges that both a driver and its emulator are held to.
///
/// The text form is one event a line; `Transcript.init(parsing:source:)` reads it:
///
///     # a comment
///     scene read the voltage
///     given voltage 5.42
///     > MZM:VOLTAGE?\r
///     < 5.42\r
///     wait 100ms
///     ~> hex:04 01 20 00
///
/// `>` goes from host to device and `<` from device to host. `~` before either marks a synthetic
/// exchange: one that no public source shows and that is ours by assumption. `scene` starts an
/// exchange that stands alone, on a device whose state is told by its `given` lines.
public struct Transcript: Sendable, Equatable {
    /// One thing that happens.
    public enum Event: Sendable, Equatable {
        /// The host says these bytes.
        case host([UInt8])
        /// The device says these bytes.
        case device([UInt8])
        /// At least this much time passes, picoseconds.
        case wait(durationPS: Int64)
    }

    /// An event and where it stands in the text.
    public struct Item: Sendable, Equatable {
        /// What is said, by whom, or how long nothing is.
        public var event: Event
        /// Whether the exchange is ours by assumption and not from a public source.
        public var isSynthetic: Bool
        /// Line in the source, from 1.
        public var line: Int

        /// Places an event.
        public init(_ event: Event, isSynthetic: Bool, line: Int) {
            self.event = event
            self.isSynthetic = isSynthetic
            self.line = line
        }
    }

    /// The state that the device is in when a scene starts, as key and value.
    public struct Given: Sendable, Equatable {
        /// First word after `given`.
        public var key: String
        public var value: String
        /// Line in the source, from 1.
        public var line: Int

        /// States one fact.
        public init(key: String, value: String, line: Int) {
            self.key = key
            self.value = value
            self.line = line
        }
    }

    /// Exchanges that stand alone.
    public struct Scene: Sendable, Equatable {
        /// The heading after `scene`.
        public var name: String
        /// The device's state at the start, in the order of the lines.
        public var givens: [Given]
        /// The exchange, in the order of the lines.
        public var items: [Item]
        /// Line of the scene's heading, from 1.
        public var line: Int

        /// Starts a scene without events.
        public init(name: String, line: Int, givens: [Given] = [], items: [Item] = []) {
            self.name = name
            self.line = line
            self.givens = givens
            self.items = items
        }

        /// The value of a `given` line, or `nil`.
        public func given(_ key: String) -> String? { givens.last { $0.key == key }?.value }

        /// Whether no exchange in it comes from a public source.
        public var isSynthetic: Bool { items.allSatisfy { $0.isSynthetic || $0.event.isWait } }
    }

    /// The file's name, for messages.
    public var source: String
    /// The scenes in the order of the file.
    public var scenes: [Scene]

    /// Collects scenes.
    public init(source: String, scenes: [Scene]) {
        self.source = source
        self.scenes = scenes
    }

    /// The scene of a name; throws `invalidInput` with the names that exist.
    public func scene(_ name: String) throws -> Scene {
        guard let scene = scenes.first(where: { $0.name == name }) else {
            let names = scenes.map(\.name).joined(separator: ", ")
            throw QKDError(.invalidInput, "no scene '\(name)'; there are: \(names)", at: .init(source))
        }
        return scene
    }
}

extension Transcript.Event {
    var isWait: Bool {
        if case .wait = self { true } else { false }
    }
}
