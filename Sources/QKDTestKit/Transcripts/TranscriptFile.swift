import Foundation
import QKDCore

/// Finds the protocol pages and transcripts of the package that a test stands in.
public struct ProtocolPages: Sendable {
    /// The `Firmware-Protocols` folder.
    public let folder: String

    /// Looks upwards from a source file for `Firmware-Protocols`; throws `absent` if there is none.
    public init(from file: String = #filePath) throws {
        var folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("Firmware-Protocols").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), isFolder.boolValue {
                self.folder = candidate
                return
            }
            folder = folder.deletingLastPathComponent()
        }
        throw QKDError(.absent, "no Firmware-Protocols folder above it", at: .init(file))
    }

    /// The transcript of a driver id; throws `absent`, or `invalidInput` with the line.
    public func transcript(_ id: String) throws -> Transcript {
        try Transcript(parsing: try text("\(id).transcript"), source: "Firmware-Protocols/\(id).transcript")
    }

    /// The page of a driver id; throws `absent`.
    public func page(_ id: String) throws -> String { try text("\(id).md") }

    private func text(_ name: String) throws -> String {
        let path = folder + "/" + name
        guard let data = FileManager.default.contents(atPath: path) else {
            throw QKDError(.absent, "cannot be read", at: .init(path))
        }
        return String(decoding: data, as: UTF8.self)
    }
}
