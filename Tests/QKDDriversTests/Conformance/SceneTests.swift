import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

/// What a driver is asked to do so that a scene comes about.
typealias SceneAction<Driver> = @Sendable (Driver) async throws -> Void

/// Plays every scene of a transcript to a driver, and sees to it that none is left out.
func playToDriver<Driver: Device>(
    _ transcript: Transcript, emulatorOnly: Set<String> = [], actions: [String: SceneAction<Driver>],
    make: (ScriptedTransport, ManualClock) -> Driver
) async -> [String] {
    var findings: [String] = []
    for scene in transcript.scenes where !emulatorOnly.contains(scene.name) {
        guard let action = actions[scene.name] else {
            findings.append("no driver call for scene '\(scene.name)'")
            continue
        }
        findings += await TranscriptRunner.play(scene, of: transcript.source) { transport, clock in
            try await action(make(transport, clock))
        }
    }
    let names = Set(transcript.scenes.map(\.name))
    findings += actions.keys.filter { !names.contains($0) }.map { "no scene '\($0)'" }
    findings += emulatorOnly.filter { !names.contains($0) }.map { "no scene '\($0)'" }
    return findings
}

/// Plays every scene of a transcript to a fresh emulator in the state that the scene gives.
func playToEmulator(
    _ transcript: Transcript, driverOnly: Set<String> = [],
    make: (Transcript.Scene) throws -> any StreamEmulator
) async throws -> [String] {
    var findings: [String] = []
    for scene in transcript.scenes where !driverOnly.contains(scene.name) {
        findings += await TranscriptRunner.play(scene, of: transcript.source, to: try make(scene))
    }
    return findings
}

/// Expects an error of a kind, and gives it back.
func expectError(
    _ kind: QKDError.Kind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("expected \(kind), nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as QKDError {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected \(kind), got \(error)", sourceLocation: sourceLocation)
    }
}
