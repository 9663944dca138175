import Foundation
import QKDCore
import QKDTimeTags

/// The formats to fuzz: named by number, `nil` for recognition by content.
private let formats: [TagFormat?] = [nil] + TagFormat.all

/// The format that the environment asks for by name; `nil` lets the first byte choose.
private let chosen: TagFormat? = ProcessInfo.processInfo.environment["QKD_FUZZ_FORMAT"].flatMap { TagFormat(name: $0) }

/// Whether a peer's messages are fuzzed instead of files.
private let isPeer = ProcessInfo.processInfo.environment["QKD_FUZZ_FORMAT"] == "peer"

/// Writes the files to start from, once, if the environment names a folder for them.
private let seeding: Void = {
    guard let folder = ProcessInfo.processInfo.environment["QKD_FUZZ_SEEDS"] else { return }
    do {
        if isPeer {
            for (number, seed) in PeerMessages.seeds.enumerated() {
                try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/peer-\(number)"))
            }
            return
        }
        // Without a chosen format the first byte chooses, and 0 means recognition by content.
        for format in chosen.map({ [$0] }) ?? TagFormat.all {
            try Seeds.write(format, to: folder, prefix: chosen == nil ? [0] : [])
        }
    } catch {
        FileHandle.standardError.write(Data("the seeds cannot be written: \(error)\n".utf8))
        exit(1)
    }
}()

/// A file without a name, used again for each input; in memory, because a disk would be waited for.
private let file: CInt = {
    var template = Array("/dev/shm/qkd-fuzz-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    unlink(template)
    precondition(descriptor >= 0)
    return descriptor
}()

/// Takes the input as a file of a format, and checks what every reader promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    _ = seeding
    if isPeer {
        PeerMessages.take(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
    guard count > 0 else { return 0 }
    let format = chosen ?? formats[Int(bytes[0]) % formats.count]
    let (start, length) = chosen == nil ? (1, count - 1) : (0, count)
    var input = Array(UnsafeBufferPointer(start: bytes + start, count: length))
    // Half of the inputs keep their wrong checksums.
    if format == .chunked, count % 4 < 2 { ChunkRepair.repair(&input) }
    precondition(ftruncate(file, 0) == 0 && pwrite(file, input, length, 0) == length)
    do {
        let reader = try TagFileReader(
            path: "/proc/self/fd/\(file)", format: format, batchRecords: 37,
            specials: count % 2 == 0 ? .counted : .asChannels)
        var tags = 0
        do {
            while let batch = try reader.nextBatch() {
                precondition(batch.times.count == batch.channels.count)
                precondition(batch.holes.allSatisfy { (0...batch.count).contains($0.beforeIndex) })
                tags += batch.count
            }
        } catch is QKDError {
            // Damage is told once, then there is nothing more.
            precondition((try? reader.nextBatch()) == .some(nil))
        }
        precondition(tags == reader.counts.tags)
    } catch is QKDError {
        return 0
    } catch {
        preconditionFailure("an error of another kind: \(error)")
    }
    return 0
}
