import Foundation
import QKDCore
import Testing

@testable import QKDTransport

/// The kernel's own simulated chip (gpio-sim), as the long stage makes it: `QKD_GPIO_SIM` is its folder in sysfs,
/// `QKD_GPIO_SIM_LIVE` the file that takes it away.
@Suite(.serialized, .timeLimit(.minutes(1)), .enabled(if: GPIOSim.folder != nil))
struct GPIOSimStageTests {
    private let sim = GPIOSim()

    @Test func outputsReachTheirLinesAndInputsComeFromThem() async throws {
        let outputs = try await GPIOChips.outputs(GPIOAddress(chip: sim.chip, offsets: [3, 1]), values: [true, false])
        #expect(try sim.level(3) && !sim.level(1))
        try await outputs.set([false, true])
        #expect(try !sim.level(3) && sim.level(1))
        let inputs = try await GPIOChips.inputs(GPIOAddress(chip: sim.chip, offsets: [0, 2]))
        try sim.pull(2, up: true)
        #expect(try await inputs.values() == [false, true])
        #expect(
            await failureKind { _ = try await GPIOChips.inputs(GPIOAddress(chip: sim.chip, offsets: [3])) } == .busy)
        await inputs.close()
        await outputs.close()
    }

    @Test func edgesAtTheHighestUncountedRateAllCome() async throws {
        try sim.pull(5, up: false)
        let edges = try await GPIOEdges.watch(GPIOAddress(chip: sim.chip, offsets: [5]), expectedRateHz: 1000)
        let count = 400
        let watching = Task { () -> [GPIOEdge] in
            var all: [GPIOEdge] = []
            while all.count < count {
                let more = try await edges.next(timeout: .seconds(3))
                if more.isEmpty { break }
                all += more
            }
            return all
        }
        for number in 1...count {
            try sim.pull(5, up: number % 2 == 1)
            try await Task.sleep(for: .milliseconds(2))
        }
        let all = try await watching.value
        #expect(all.count == count)
        #expect(all.enumerated().allSatisfy { $0.element.isRising == ($0.offset % 2 == 0) })
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.timeNS <= $1.timeNS })
        #expect(await edges.lost == 0)
        await edges.close()
    }

    @Test func edgesLostInTheKernelsBufferAreCountedWhereTheyCanBe() async throws {
        try sim.pull(6, up: false)
        let edges = try await GPIOEdges.watch(GPIOAddress(chip: sim.chip, offsets: [6]), expectedRateHz: 100)
        let many = GPIOEdges.bufferLength + 500
        for number in 1...many { try sim.pull(6, up: number % 2 == 1) }
        while try await !edges.next(timeout: .milliseconds(200)).isEmpty {}
        let (seen, lost) = (await edges.seen, await edges.lost)
        // The last edge shows what was lost before it: one more, after the buffer has room again.
        try sim.pull(6, up: many % 2 == 0)
        while try await !edges.next(timeout: .milliseconds(200)).isEmpty {}
        if GPIOChips.showsLostEdges {
            #expect(await edges.seen + edges.lost == many + 1)
        } else {
            #expect(seen < many && lost == 0)
        }
        print(
            "GPIO gpio-sim, libgpiod \(GPIOChips.libraryVersion): \(seen) of \(many) edges came, \(await edges.lost) counted as lost"
        )
        await edges.close()
    }

    @Test func aChipThatIsTakenAwayIsDisconnected() async throws {
        let outputs = try await GPIOChips.outputs(GPIOAddress(chip: sim.chip, offsets: [4]), values: [true])
        try sim.takeAway()
        #expect(await failureKind { try await outputs.set([false]) } == .disconnected)
        await outputs.close()
        #expect(
            await failureKind { _ = try await GPIOChips.inputs(GPIOAddress(chip: sim.chip, offsets: [4])) } == .absent)
    }
}

/// What stands outside of the simulated chip.
struct GPIOSim {
    static let folder = ProcessInfo.processInfo.environment["QKD_GPIO_SIM"]

    private let folder = Self.folder ?? ""
    var chip: String { "/dev/" + (folder.split(separator: "/").last ?? "") }

    func pull(_ line: Int, up: Bool) throws { try put(up ? "pull-up" : "pull-down", "\(folder)/sim_gpio\(line)/pull") }

    func level(_ line: Int) throws -> Bool {
        let url = URL(fileURLWithPath: "\(folder)/sim_gpio\(line)/value")
        return try String(decoding: Data(contentsOf: url), as: UTF8.self).hasPrefix("1")
    }

    func takeAway() throws {
        guard let live = ProcessInfo.processInfo.environment["QKD_GPIO_SIM_LIVE"] else {
            throw QKDError(.invalidInput, "QKD_GPIO_SIM_LIVE is not set")
        }
        try put("0", live)
    }

    private func put(_ text: String, _ path: String) throws {
        let file = open(path, O_WRONLY)
        guard file >= 0 else { throw QKDError(.io, "cannot open", code: errno, at: .init(path)) }
        defer { close(file) }
        guard write(file, text, text.utf8.count) == text.utf8.count else {
            throw QKDError(.io, "cannot write", code: errno, at: .init(path))
        }
    }
}
