import QKDCore
import QKDTransport

/// Plays a scene to either side of the wire: the host's lines to an emulator, the device's to a driver.
public enum TranscriptRunner {
    /// Plays one scene; returns what differed, one finding a line, each with file and line.
    ///
    /// Time starts at `startPS` and moves only on `wait` lines. An answer that the scene does not have
    /// is a finding, and so is one that does not come.
    public static func play(
        _ scene: Transcript.Scene, of source: String, to emulator: any StreamEmulator, startPS: Int64 = 0
    ) async -> [String] {
        var findings: [String] = []
        var said: [UInt8] = []
        var nowPS = startPS
        for item in scene.items {
            let place = "\(source):\(item.line)"
            switch item.event {
            case .host(let bytes):
                findings += unexpected(said, at: place)
                said = await emulator.receive(bytes, nowPS: nowPS)
            case .device(let expected):
                guard said.starts(with: expected) else {
                    findings.append(
                        "\(place): expected '\(TranscriptBytes.encode(expected))', "
                            + "the emulator said '\(TranscriptBytes.encode(said))'")
                    return findings
                }
                said.removeFirst(expected.count)
            case .wait(let durationPS):
                nowPS += durationPS
                said += await emulator.advance(toPS: nowPS)
            }
        }
        return findings + unexpected(said, at: "\(source):\(scene.items.last?.line ?? scene.line)")
    }

    /// Plays one scene to a driver: `body` makes it on the transport and the clock, and has it talk.
    ///
    /// Returns what the driver said that the scene does not have, what it left unsaid, and an error
    /// that `body` throws.
    public static func play(
        _ scene: Transcript.Scene, of source: String,
        toDriver body: (ScriptedTransport, ManualClock) async throws -> Void
    ) async -> [String] {
        let clock = ManualClock()
        let transport = ScriptedTransport(scene, of: source, clock: clock)
        do {
            try await body(transport, clock)
        } catch {
            return transport.finish() + ["\(source):\(scene.line): the driver threw: \(error)"]
        }
        return transport.finish()
    }

    private static func unexpected(_ said: [UInt8], at place: String) -> [String] {
        said.isEmpty ? [] : ["\(place): the emulator also said '\(TranscriptBytes.encode(said))'"]
    }
}
