import QKDCore
import TOMLKit

/// A TOML table that knows where it stands in its file, hands out checked values, and at the end names
/// the keys that nobody asked for.
final class TOMLSection {
    private let table: TOMLTable
    private let path: [String]
    private let file: BenchSource
    private var asked: Set<String> = []

    init(_ table: TOMLTable, path: [String], file: BenchSource) {
        self.table = table
        self.path = path
        self.file = file
    }

    func section(_ key: String) throws -> TOMLSection {
        asked.insert(key)
        guard let value = table[key] else { throw missing(key) }
        guard let inner = value.table else { throw wrong(key, "must be a table") }
        return TOMLSection(inner, path: path + [key], file: file)
    }

    var keys: [String] { table.keys }

    func has(_ key: String) -> Bool { table[key] != nil }

    func text(_ key: String) throws -> String {
        asked.insert(key)
        guard let value = table[key] else { throw missing(key) }
        guard let text = value.string else { throw wrong(key, "must be text in quotes") }
        return text
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(_ key: String, _: Value.Type) throws -> Value {
        let text = try text(key)
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw wrong(key, "is \"\(text)\"; it must be one of \(names)")
        }
        return value
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws -> Double {
        asked.insert(key)
        guard let value = table[key] else { throw missing(key) }
        guard let number = value.double ?? value.int.map(Double.init) else { throw wrong(key, "must be a number") }
        guard number.isFinite, range.contains(number) else {
            throw wrong(key, "is \(number); it must lie between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int {
        asked.insert(key)
        guard let value = table[key] else { throw missing(key) }
        guard let number = value.int else { throw wrong(key, "must be a whole number") }
        guard range.contains(number) else {
            throw wrong(key, "is \(number); it must lie between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// A number, or the word "random": `nil`.
    func numberOrRandom(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        asked.insert(key)
        if let text = table[key]?.string {
            guard text == "random" else { throw wrong(key, "is \"\(text)\"; it must be a number or \"random\"") }
            return nil
        }
        return try number(key, in: range)
    }

    /// Throws for the first key that nobody asked for: a misspelt key must not be a default in silence.
    func finish() throws {
        if let unknown = keys.first(where: { !asked.contains($0) }) {
            let known = asked.sorted().joined(separator: ", ")
            throw wrong(unknown, "is not known here; this table takes \(known)")
        }
    }

    func wrong(_ key: String, _ problem: String) -> QKDError {
        let name = (path + [key]).joined(separator: ".")
        return QKDError(
            .invalidInput, "\(name) \(problem)", at: .init(file.name, line: file.line(of: key, in: path)))
    }

    private func missing(_ key: String) -> QKDError {
        let name = (path + [key]).joined(separator: ".")
        return QKDError(.invalidInput, "\(name) is missing", at: .init(file.name, line: file.line(of: path)))
    }
}

/// A bench file's text and the places of its tables and keys, which the TOML parser does not keep.
struct BenchSource: Sendable {
    let name: String
    let text: String

    /// The line of a table's header, if it has one.
    func line(of path: [String]) -> Int? {
        guard !path.isEmpty else { return nil }
        return lines.firstIndex { trimmed($0).hasPrefix("[\(path.joined(separator: "."))]") }.map { $0 + 1 }
    }

    /// The line of a key: in its table, in an inline table of its parent, or else the table's header.
    func line(of key: String, in path: [String]) -> Int? {
        let start = line(of: path) ?? 0
        for (index, line) in lines.enumerated().dropFirst(start) {
            let text = trimmed(line)
            if text.hasPrefix("[") && index >= max(start, 1) { break }
            if startsKey(text, key) { return index + 1 }
        }
        if let last = path.last, let parent = line(of: last, in: Array(path.dropLast())) { return parent }
        return start > 0 ? start : nil
    }

    private var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    private func trimmed(_ line: Substring) -> Substring { line.drop { $0 == " " || $0 == "\t" } }

    private func startsKey(_ line: Substring, _ key: String) -> Bool {
        guard line.hasPrefix(key) else { return false }
        return line.dropFirst(key.count).drop { $0 == " " }.hasPrefix("=")
    }
}
