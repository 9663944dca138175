import Foundation
import Glibc
import QKDCore
import QKDTestKit
import Testing

@testable import QKDDrivers
@testable import QKDTransport

/// What only a kernel has: ttys behind USB, a GPIO chip behind USB. Runs where `QKD_USB_STAGE` is `kernel`.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: TestBus.current == .kernel))
struct KernelStageTests {
    private let clock = HostClock()

    /// Waits for the tty of a serial number, and until this user may open it.
    private static func tty(_ serialNumber: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(15)
        while true {
            let ports = try await Offload.run { SerialPorts.list() }
            if let port = ports.first(where: { $0.serialNumber == serialNumber }), port.obstacle == nil {
                return port.path
            }
            guard ContinuousClock.now < deadline else {
                throw QKDError(.timeout, "no tty shows up", at: .init(serialNumber))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func tdc1(_ unit: Int) -> (SFifteenTDC1Emulator, any USBEmulator) {
        let instrument = SFifteenTDC1Emulator(settings: .init(unit: unit))
        let bridge = SerialBridge(.cdcACM, manufacturer: "S-Fifteen Instruments", product: "TDC1")
        return (instrument, bridge.emulator(instrument, serialNumber: "TDC1-\(unit)"))
    }

    /// A guest that shares its processors with a build pauses for longer than a device does.
    private static var patient: SFifteenTDC1.Options {
        var options = SFifteenTDC1.Options()
        options.quiet = .milliseconds(500)
        return options
    }

    /// What is fired before the order to count has come through the tty is seen by nobody.
    private static func untilItCounts(_ instrument: SFifteenTDC1Emulator) async throws {
        let limit = ContinuousClock.now + .seconds(60)
        while await instrument.gate?.mode != .timestamp {
            guard ContinuousClock.now < limit else { throw QKDError(.timeout, "the tagger does not begin to count") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func aCDCACMTaggerAtFullStreamLosesNothing() async throws {
        let (instrument, usb) = Self.tdc1(1)
        let plug = try await TestBus.current.plug(usb, clock: clock)
        let path = try await Self.tty("TDC1-1")
        let device = SFifteenTDC1(
            transport: try await SerialTransport.open(path: path, baud: 115_200), clock: clock, options: Self.patient)
        #expect(try await device.open().model.contains("TDC1"))
        let tags = collectTags(try await device.startTagging())
        try await Self.untilItCounts(instrument)
        let started = ContinuousClock.now
        // 100,000 events, as fast as they go: 400 KB.
        let times = (1...100_000).map { Int64($0) * 1_000_000 }
        for start in stride(from: 0, to: times.count, by: 5000) {
            let part = Array(times[start..<start + 5000])
            await instrument.inject(
                timesPS: part, channels: part.map { UInt8($0 / 1_000_000 & 3) + 1 }, upToPS: (part.last ?? 0) + 1000)
            try await Task.sleep(for: .milliseconds(5))
        }
        // So long that the driver has seen silence, and asked for the rest.
        let deadline = ContinuousClock.now + .seconds(120)
        while await device.taggerStatistics().tags < times.count - 200, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let seconds = Picoseconds.seconds((ContinuousClock.now - started).picoseconds)
        try await device.stopTagging()
        let (all, error) = await tags.value
        #expect(error == nil && all.holes.isEmpty)
        #expect(all.count == times.count && zip(all.times, times).allSatisfy { abs($0 - $1) <= 2000 })
        print("CDC-ACM \(Int(Double(all.count) / seconds)) events/s, none lost")
        try await device.makeSafe()
        await device.close()
        try await plug.unplug()
    }

    @Test func aTTYThatHangsUpInMidCaptureIsDisconnectedAndFoundAgain() async throws {
        let (instrument, usb) = Self.tdc1(2)
        for round in 1...2 {
            let plug = try await TestBus.current.plug(usb, clock: clock)
            let path = try await Self.tty("TDC1-2")
            let device = SFifteenTDC1(
                transport: try await SerialTransport.open(path: path, baud: 115_200), clock: clock,
                options: Self.patient)
            _ = try await device.open()
            let tags = collectTags(try await device.startTagging())
            try await Self.untilItCounts(instrument)
            let times = (1...2000).map { Int64($0) * 1_000_000 + Int64(round) * 10_000_000_000 }
            await instrument.inject(timesPS: times, channels: times.map { _ in 1 }, upToPS: (times.last ?? 0) + 1000)
            let limit = ContinuousClock.now + .seconds(60)
            while await device.taggerStatistics().tags < 1200, ContinuousClock.now < limit {
                try await Task.sleep(for: .milliseconds(20))
            }
            try await plug.unplug()
            let (all, error) = await tags.value
            #expect((error as? QKDError)?.kind == .disconnected, "round \(round): \(String(describing: error))")
            #expect(all.count > 1000, "round \(round)")
            await expectError(.disconnected) { try await device.makeSafe() }
            await device.close()
            await instrument.inject(.powerCycle)
        }
    }

    @Test func anFTDIDeviceAnswersAtItsSpeed() async throws {
        let instrument = QCicadaEmulator(.init(seed: 5, unit: 3))
        let usb = FTDIEmulator(
            instrument, bridge: SerialBridge(.ftdi, manufacturer: "Crypta Labs", product: "QCicada"),
            serialNumber: "QCICADA-3")
        let plug = try await TestBus.current.plug(usb, clock: clock)
        let path = try await Self.tty("QCICADA-3")
        #expect(path.hasPrefix("/dev/ttyUSB"))
        let device = QCicada(transport: try await SerialTransport.open(path: path, baud: 1_000_000))
        #expect(try await device.open().serialNumber == "EMULATED-3")
        // What the kernel's driver made of the speed.
        let (baud, divisor) = (await usb.baud, await usb.divisor)
        #expect(baud == 1_000_000, "divisor \(divisor)")
        #expect(try await device.randomBytes(20_000).count == 20_000)
        try await device.makeSafe()
        try await plug.unplug()
        await expectError(.disconnected) { _ = try await device.randomBytes(16) }
        await device.close()
    }

    @Test func theKernelsOwnDriverTalksToAnEmulatedMeasuringInstrument() async throws {
        let usb = USBTMCEmulator(
            PlainInstrument(), manufacturer: "qkdctl", product: "Plain instrument", serialNumber: "USBTMC-1")
        let plug = try await TestBus.current.plug(usb, clock: clock)
        let deadline = ContinuousClock.now + .seconds(15)
        while access("/dev/usbtmc0", R_OK | W_OK) != 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
        let answers = try await Offload.run { () -> [String] in
            let file = open("/dev/usbtmc0", O_RDWR)
            guard file >= 0 else { throw QKDError(.absent, "no /dev/usbtmc0", code: errno) }
            defer { close(file) }
            return try ["*IDN?\n", "ECHO again\n", "DATA? 4000\n"].map { question in
                guard write(file, question, question.utf8.count) == question.utf8.count else {
                    throw QKDError(.io, "cannot write \(question)", code: errno)
                }
                var buffer = [UInt8](repeating: 0, count: 8192)
                let count = read(file, &buffer, buffer.count)
                guard count >= 0 else { throw QKDError(.io, "no answer to \(question)", code: errno) }
                return count < 100 ? String(decoding: buffer[..<count], as: UTF8.self) : "\(count)"
            }
        }
        #expect(answers == ["A,B,C,D\n", "again\n", "4001"])
        #expect(await usb.messages == 3)
        try await plug.unplug()
    }

    @Test func aGPIOChipIsSetReadAndWatched() async throws {
        let emulator = CP2112Device(serialNumber: "CP2112-1")
        let plug = try await TestBus.current.plug(emulator, clock: clock)
        let deadline = ContinuousClock.now + .seconds(15)
        var chip: GPIOChipFacts?
        while chip == nil, ContinuousClock.now < deadline {
            chip = try await GPIOChips.list().first { $0.label == "cp2112_gpio" }
            try await Task.sleep(for: .milliseconds(50))
        }
        let path = try #require(chip?.path)
        #expect(chip?.lineCount == 8 && chip?.obstacle == nil)

        let outputs = try await GPIOChips.outputs(GPIOAddress(chip: path, offsets: [3, 5]), values: [true, false])
        #expect(await emulator.levels & 0x28 == 0x08)
        try await outputs.set([false, true])
        #expect(await emulator.levels & 0x28 == 0x20)
        await expectError(.busy) { _ = try await GPIOChips.inputs(GPIOAddress(chip: path, offsets: [5])) }

        let inputs = try await GPIOChips.inputs(GPIOAddress(chip: path, offsets: [0, 1]))
        await emulator.drive(1, true)
        #expect(try await inputs.values() == [false, true])

        // The kernel's driver asks for levels ten times a second, so the lines are moved slowly.
        let edges = try await GPIOEdges.watch(GPIOAddress(chip: path, offsets: [7]), expectedRateHz: 1)
        try await Task.sleep(for: .milliseconds(500))
        var seen: [Bool] = []
        for level in [true, false] {
            await emulator.drive(7, level)
            let limit = ContinuousClock.now + .seconds(60)
            let before = seen.count
            while seen.count == before, ContinuousClock.now < limit {
                seen += try await edges.next(timeout: .milliseconds(200)).map(\.isRising)
            }
        }
        #expect(seen == [true, false])
        #expect(await edges.lost == 0)
        await edges.close()

        try await plug.unplug()
        await expectError(.disconnected) { try await outputs.set([true, true]) }
        await outputs.close()
        await inputs.close()
    }
}
