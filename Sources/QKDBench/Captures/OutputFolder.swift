import Foundation
import QKDCore

/// A folder that a command fills.
public enum OutputFolder {
    /// Makes the folder with its parents, 0700; refuses one that holds anything, unless it is to be written over.
    public static func make(at path: String, overwrites: Bool) throws {
        try check(path, overwrites: overwrites)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch let error as CocoaError where error.code == .fileWriteNoPermission {
            throw QKDError(.permissionDenied, "this user may not make the folder", at: .init(path))
        } catch {
            throw QKDError(.invalidInput, "a folder cannot be made here", at: .init(path))
        }
    }

    /// Throws what `make` would for a folder that is there already: before hours of work, not after.
    public static func check(_ path: String, overwrites: Bool) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else { throw QKDError(.invalidInput, "this is a file, no folder", at: .init(path)) }
        guard !overwrites else { return }
        let inside = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard inside.isEmpty else {
            throw QKDError(
                .invalidInput, "the folder is not empty; choose another one, or add --force", at: .init(path))
        }
    }
}
