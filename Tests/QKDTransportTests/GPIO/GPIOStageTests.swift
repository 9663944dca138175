import Foundation
import Glibc
import QKDCore
import QKDTestKit
import Testing

@testable import QKDTransport

@Suite struct GPIOAddressTests {
    @Test func readsLinesAndRanges() throws {
        let address = try #require(GPIOAddress("gpiochip0:0-3,9,11-12"))
        #expect(address.chip == "/dev/gpiochip0" && address.offsets == [0, 1, 2, 3, 9, 11, 12])
        #expect(address.description == "gpio:/dev/gpiochip0:0-3,9,11-12")
        #expect(GPIOAddress("/dev/gpiochip2:5")?.offsets == [5])
    }

    @Test(arguments: [
        "", "gpiochip0", ":1", "gpiochip0:", "gpiochip0:a", "gpiochip0:3-1", "gpiochip0:1,1", "gpiochip0:1-2-3",
        "gpiochip0:-1", "gpiochip0:99999", "a:b:1",
    ])
    func refusesOthers(text: String) { #expect(GPIOAddress(text) == nil) }

    @Test func aChipThatIsNotThereIsAbsent() async throws {
        let address = GPIOAddress(chip: "/dev/gpiochip-none", offsets: [0])
        #expect(await failureKind { _ = try await GPIOChips.inputs(address) } == .absent)
        #expect(try await GPIOChips.list(folder: "/no/such/folder").isEmpty)
    }

    @Test func ratesAtWhichLossesCannotBeToldAreRefused() async throws {
        let address = GPIOAddress(chip: "/dev/gpiochip0", offsets: [0])
        #expect(throws: QKDError.self) { try GPIOEdges.checkRate(1001, showsLostEdges: false, at: address) }
        try GPIOEdges.checkRate(1000, showsLostEdges: false, at: address)
        try GPIOEdges.checkRate(1e6, showsLostEdges: true, at: address)
    }
}

/// libgpiod itself on a chip that a preloaded library makes; `QKD_GPIO_SOCKET` names the socket at which the outside
/// listens, and the outside is this test.
@Suite(.serialized, .timeLimit(.minutes(1)), .enabled(if: GPIOOutside.path != nil))
struct GPIOStageTests {
    private static let chip = "/dev/gpiochip0"

    @Test func aChipTellsWhatItIs() async throws {
        let outside = try GPIOOutside()
        defer { outside.close() }
        let chip = GPIOChips.facts(of: Self.chip)
        #expect(chip.lineCount == 24 && chip.obstacle == nil && !chip.label.isEmpty)
    }

    @Test func outputsAreSetTogetherAndInOrder() async throws {
        let outside = try GPIOOutside()
        defer { outside.close() }
        let address = GPIOAddress(chip: Self.chip, offsets: [4, 2])
        let lines = try await GPIOChips.outputs(address, values: [true, false])
        try await lines.set([false, true])
        try await lines.set([false, false])
        #expect(try await lines.values() == [false, false])
        let changes = try await outside.lines(3) { $0.hasPrefix("set ") }
        #expect(
            Array(changes.suffix(3)) == ["set 4 0", "set 2 1", "set 2 0"]
                || Array(changes.suffix(3)) == ["set 2 1", "set 4 0", "set 2 0"])
        await lines.close()
        #expect(await failureKind { try await lines.set([true, true]) } == .disconnected)
    }

    @Test func aLineInUseIsBusyAndNamesItsUser() async throws {
        let outside = try GPIOOutside()
        defer { outside.close() }
        let address = GPIOAddress(chip: Self.chip, offsets: [7])
        let lines = try await GPIOChips.outputs(address, values: [false])
        do {
            _ = try await GPIOChips.inputs(address)
            Issue.record("a line was had twice")
        } catch let error as QKDError {
            #expect(error.kind == .busy && error.message.contains("line 7") && error.message.contains("qkdctl"))
        }
        await lines.close()
        #expect(
            await failureKind { _ = try await GPIOChips.inputs(GPIOAddress(chip: Self.chip, offsets: [77])) }
                == .outOfRange)
    }

    @Test func inputsAreRead() async throws {
        let outside = try GPIOOutside()
        defer { outside.close() }
        let lines = try await GPIOChips.inputs(GPIOAddress(chip: Self.chip, offsets: [0, 1, 2]))
        try await outside.say("drive 1 1")
        _ = try await outside.ask("sense 1")
        #expect(try await lines.values() == [false, true, false])
        await lines.close()
    }

    @Test func edgesComeAndLostOnesAreCountedWhereTheyCanBe() async throws {
        let outside = try GPIOOutside()
        defer { outside.close() }
        let edges = try await GPIOEdges.watch(GPIOAddress(chip: Self.chip, offsets: [5]), expectedRateHz: 100)
        for level in [1, 0] {
            try await outside.say("drive 5 \(level)")
            _ = try await outside.ask("sense 5")
            let edge = try #require(try await edges.next(timeout: .seconds(2)).first)
            #expect(edge.offset == 5 && edge.isRising == (level == 1) && edge.lostBefore == 0)
        }
        // A reader that comes late: more edges than the buffer has room for.
        let many = GPIOEdges.bufferLength + 500
        for count in 1...many { try await outside.say("drive 5 \(count % 2)") }
        _ = try await outside.ask("sense 5")
        while try await !edges.next(timeout: .milliseconds(100)).isEmpty {}
        let (seen, lost) = (await edges.seen - 2, await edges.lost)
        if GPIOChips.showsLostEdges {
            #expect(seen == GPIOEdges.bufferLength && lost == many - seen)
        } else {
            // 16 edges and silence: why rates above a thousand a second are refused there.
            #expect(seen == 16 && lost == 0)
        }
        print("GPIO libgpiod \(GPIOChips.libraryVersion): \(seen) of \(many) edges came, \(lost) counted as lost")
        await edges.close()
    }
}

/// What stands outside of the preloaded chip: drives inputs, sees outputs.
final class GPIOOutside: @unchecked Sendable {
    static var path: String? { ProcessInfo.processInfo.environment["QKD_GPIO_SOCKET"] }

    private let listener: CInt
    private var peer: CInt = -1
    private var buffer: [UInt8] = []

    init() throws {
        guard let path = Self.path else { throw QKDError(.absent, "no socket is named") }
        unlink(path)
        listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        let bound = UnixAddress.with(path) { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 4) == 0 else { throw QKDError(.io, "no listener", code: errno) }
    }

    func close() {
        if peer >= 0 { Glibc.close(peer) }
        Glibc.close(listener)
    }

    func say(_ line: String) async throws {
        try connectPeer()
        let bytes = Array((line + "\n").utf8)
        guard send(peer, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw QKDError(.io, "the chip does not listen", code: errno)
        }
    }

    /// Asks, and passes over what the chip tells by itself.
    func ask(_ line: String) async throws -> String {
        try await say(line)
        while true {
            let answer = try next()
            if !answer.hasPrefix("set ") { return answer }
        }
    }

    /// Reads lines until so many fit.
    func lines(_ count: Int, where fits: (String) -> Bool) async throws -> [String] {
        try connectPeer()
        // Outputs are told as they are requested, too: all that comes before the answer to a question.
        try await say("sense 0")
        var found: [String] = []
        while true {
            let line = try next()
            if fits(line) { found.append(line) } else if !line.hasPrefix("set ") { return found }
        }
    }

    private func connectPeer() throws {
        guard peer < 0 else { return }
        peer = accept(listener, nil, nil)
        guard peer >= 0 else { throw QKDError(.io, "the chip does not connect", code: errno) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private func next() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            var part = [UInt8](repeating: 0, count: 4096)
            let count = recv(peer, &part, part.count, 0)
            guard count > 0 else { throw QKDError(.timeout, "the chip says nothing", code: errno) }
            buffer += part.prefix(count)
        }
    }
}
