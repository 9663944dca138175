import ArgumentParser
import QKDBench
import QKDCore
import QKDDrivers
import QKDTransport

struct EmulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emulate",
        abstract: "Stand up emulated devices for other programs to talk to.",
        discussion: """
            Takes a bench (its light shines, in real time) or the id of one driver, prints where each \
            device stands, and goes on until interrupted. Serial devices stand on a pty, network devices on \
            a port; with --vendor-ports on the vendor's own, so that its unmodified client finds them. USB devices \
            stand on USB/IP, for 'usbip attach' on this machine or another; with --usbip serial ones do too, behind \
            the USB bridge that the real device has.

            Example: qkdctl emulate swabian-pulsestreamer-8-2 --address 127.0.0.2 --vendor-ports
            Example: qkdctl emulate bb84-loopback --write-bench live.toml
            Example: qkdctl emulate nus-fx2-timestamp --usbip, then: usbip attach -r 127.0.0.1 -b 1-1
            """)

    @Argument(help: "Bench file, built-in bench, or driver id ('qkdctl drivers' lists them).")
    var what = "bb84-loopback"

    @Option(name: .long, help: "Seed of everything that is random in the emulation.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "Address that network devices bind to.")
    var address = "127.0.0.1"

    @Flag(name: .long, help: "Use the vendors' own port numbers.")
    var vendorPorts = false

    @Flag(name: .long, help: "Stand serial devices on USB/IP too, as their USB plugs show them.")
    var usbip = false

    @Option(name: .long, help: "TCP port of the USB/IP server; 0 for any free one.")
    var usbipPort = USBIPServer.standardPort

    @Option(name: .long, help: "Write a bench file that leads to these emulators.", completion: .file())
    var writeBench: String?

    @Option(name: .long, help: "Write the emulators' log to this file instead of standard error.", completion: .file())
    var log: String?

    func validate() throws {
        guard !address.contains(":") else {
            throw ValidationError("--address takes an IPv4 address: bench files separate ports by colons")
        }
    }

    func run() async throws {
        let sink = try LogSink(path: log)
        let emulatorLog = EmulatorLog { sink.write($0) }
        let hosting = USBIPHosting(takesSerial: usbip, port: usbipPort)
        let emulation: StandingEmulation
        if Catalog.entry(what) != nil {
            guard writeBench == nil else {
                throw QKDError(.invalidInput, "--write-bench goes with a bench, not with one device")
            }
            emulation = try await .device(
                what, seed: seed, address: address, vendorPorts: vendorPorts, usbIP: hosting, log: emulatorLog)
        } else {
            let bench = try BenchDescription.load(what)
            emulation = try await .bench(
                bench, seed: seed, address: address, vendorPorts: vendorPorts, usbIP: hosting, log: emulatorLog)
            if let writeBench {
                try SmallFile.write(Array(emulation.liveBench(bench.text).utf8), to: writeBench, mode: 0o644)
            }
        }
        for place in emulation.places {
            Terminal.out("\(place.name) (EMULATED \(place.driver)) at \(place.place)")
        }
        if Terminal.isWatched { Terminal.err("Ctrl-C ends the emulation") }
        await Interrupts.wait()
        await emulation.stop()
    }
}
