import Foundation

/// Names of folders that nobody named.
enum FreshFolder {
    /// `stem` with the time, and a number where that is taken.
    static func name(_ stem: String) -> String {
        let format = DateFormatter()
        format.dateFormat = "yyyyMMdd-HHmmss"
        format.timeZone = TimeZone(identifier: "UTC")
        format.locale = Locale(identifier: "en_US_POSIX")
        let first = "\(stem)-\(format.string(from: Date()))"
        var name = first
        var number = 2
        while FileManager.default.fileExists(atPath: name) {
            name = "\(first)-\(number)"
            number += 1
        }
        return name
    }
}
