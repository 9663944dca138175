import Foundation

/// Where text goes: results to standard output, everything else to standard error.
enum Terminal {
    /// Whether somebody watches standard error: then there is progress.
    static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

    /// Prints a result.
    static func out(_ text: String) { put(text + "\n", STDOUT_FILENO) }

    /// Prints a remark.
    static func err(_ text: String) { put(text + "\n", STDERR_FILENO) }

    /// Rewrites the live line; only on a terminal.
    static func live(_ text: String) {
        guard isWatched else { return }
        put("\r\u{1B}[K" + text, STDERR_FILENO)
    }

    /// Ends the live line so that the next text starts on its own.
    static func endLive() {
        guard isWatched else { return }
        put("\r\u{1B}[K", STDERR_FILENO)
    }

    private static func put(_ text: String, _ descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                // Nobody reads a closed pipe, so there is nobody to tell; a full disk must not pass for success.
                if errno == EPIPE || descriptor == STDERR_FILENO { return }
                put("error: cannot write the output: \(String(cString: strerror(errno)))\n", STDERR_FILENO)
                exit(1)
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// Columns of text, aligned.
struct TextTable {
    private var rows: [[String]]
    private let header: [String]

    init(_ header: [String]) {
        self.header = header
        rows = []
    }

    mutating func row(_ cells: [String]) { rows.append(cells) }

    var isEmpty: Bool { rows.isEmpty }

    var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).map { cell, width in cell.padding(toLength: width, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingTrailingSpaces
        }
        .joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}

/// Numbers as people read them.
enum Figure {
    /// A number with `digits` decimals.
    static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// A share as a percentage.
    static func percent(_ value: Double, _ digits: Int = 2) -> String { fixed(value * 100, digits) + " %" }

    /// A confidence as its interval is called: `95 %`, `99.9 %`.
    static func percentName(_ value: Double) -> String { String(format: "%.6g %%", value * 100) }

    /// A number with up to nine significant digits, without zeros behind them.
    static func short(_ value: Double) -> String { String(format: "%.9g", value) }

    /// A small or large number with `digits` significant decimals.
    static func scientific(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)e", value) }
}
