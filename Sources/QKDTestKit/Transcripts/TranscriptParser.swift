import QKDCore

extension Transcript {
    /// Reads the text form; throws `invalidInput` with the file and the line.
    public init(parsing text: String, source: String) throws {
        var parser = TranscriptParser(source: source)
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            try parser.take(String(line), number: number)
        }
        self.init(source: source, scenes: try parser.finish())
    }
}

/// Reads a transcript line by line.
struct TranscriptParser {
    let source: String
    private var scenes: [Transcript.Scene] = []

    init(source: String) { self.source = source }

    mutating func take(_ line: String, number: Int) throws {
        if line.allSatisfy(\.isWhitespace) || line.hasPrefix("#") { return }
        if line.last?.isWhitespace == true {
            throw wrong("blanks at the end of a line; write \\x20 for one that is meant", number)
        }
        let (word, rest) = Self.split(line)
        switch word {
        case "scene": try startScene(rest, number)
        case "given": try addGiven(rest, number)
        case "wait": try add(.wait(durationPS: try duration(rest, number)), synthetic: false, number)
        case ">": try add(.host(try bytes(rest, number)), synthetic: false, number)
        case "<": try add(.device(try bytes(rest, number)), synthetic: false, number)
        case "~>": try add(.host(try bytes(rest, number)), synthetic: true, number)
        case "~<": try add(.device(try bytes(rest, number)), synthetic: true, number)
        default: throw wrong("'\(word)' starts no line: expected scene, given, wait, >, <, ~> or ~<", number)
        }
    }

    func finish() throws -> [Transcript.Scene] {
        for scene in scenes where scene.items.isEmpty {
            throw wrong("scene '\(scene.name)' says nothing", scene.line)
        }
        guard !scenes.isEmpty else { throw wrong("a transcript without a scene", 1) }
        return scenes
    }

    private mutating func startScene(_ name: String, _ number: Int) throws {
        guard !name.isEmpty else { throw wrong("a scene needs a name", number) }
        if let twin = scenes.first(where: { $0.name == name }) {
            throw wrong("scene '\(name)' is already on line \(twin.line)", number)
        }
        scenes.append(Transcript.Scene(name: name, line: number))
    }

    private mutating func addGiven(_ text: String, _ number: Int) throws {
        let (key, value) = Self.split(text)
        guard !key.isEmpty, !value.isEmpty else { throw wrong("expected: given KEY VALUE", number) }
        guard let last = scenes.indices.last else { throw wrong("'given' before the first scene", number) }
        guard scenes[last].items.isEmpty else { throw wrong("'given' after the scene's first event", number) }
        scenes[last].givens.append(Transcript.Given(key: key, value: value, line: number))
    }

    private mutating func add(_ event: Transcript.Event, synthetic: Bool, _ number: Int) throws {
        guard let last = scenes.indices.last else { throw wrong("an event before the first scene", number) }
        scenes[last].items.append(Transcript.Item(event, isSynthetic: synthetic, line: number))
    }

    private func bytes(_ text: String, _ number: Int) throws -> [UInt8] {
        do {
            let bytes = try TranscriptBytes.decode(text)
            guard !bytes.isEmpty else { throw TranscriptBytes.Flaw(text: "no bytes") }
            return bytes
        } catch let flaw as TranscriptBytes.Flaw {
            throw wrong(flaw.text, number)
        }
    }

    private func duration(_ text: String, _ number: Int) throws -> Int64 {
        let units: [(String, Int64)] = [
            ("us", Picoseconds.perMicrosecond), ("ms", Picoseconds.perMillisecond), ("s", Picoseconds.perSecond),
        ]
        for (suffix, picoseconds) in units where text.hasSuffix(suffix) {
            guard let value = Int64(text.dropLast(suffix.count)), (0...86_400_000_000).contains(value) else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: picoseconds)
            if !overflow { return product }
        }
        throw wrong("'\(text)' is no duration: expected a whole number of us, ms or s, such as 100ms", number)
    }

    private func wrong(_ message: String, _ line: Int) -> QKDError {
        QKDError(.invalidInput, message, at: .init(source, line: line))
    }

    /// The first word, and what stands after exactly one blank.
    private static func split(_ line: String) -> (String, String) {
        guard let blank = line.firstIndex(of: " ") else { return (line, "") }
        return (String(line[..<blank]), String(line[line.index(after: blank)...]))
    }
}
