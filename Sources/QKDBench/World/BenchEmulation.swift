import QKDCore
import QKDDrivers
import QKDPhysics
import QKDTransport

/// The emulators of a bench, standing on their wires, with the world that gives them light.
struct BenchEmulation: Sendable {
    /// Where the emulators stand.
    enum Hosting: Sendable {
        /// On ptys and free loopback ports, for drivers in this process.
        case thisProcess
        /// For other programs: network devices at an address, on free ports or on the vendors' own, USB devices there
        /// too.
        case outside(address: String, vendorPorts: Bool, usbIP: USBIPHosting)

        var address: String {
            if case .outside(let address, _, _) = self { address } else { "127.0.0.1" }
        }

        func port(_ vendor: Int) -> Int {
            if case .outside(_, vendorPorts: true, _) = self { vendor } else { 0 }
        }
    }

    let world: EmulatedWorld
    let clock: any BenchClock
    let stands: [Role: EmulatorStand]
    private let ticker: Task<Void, Never>?

    static func start(
        _ description: BenchDescription, seed: UInt64, time: BenchTime, hosting: Hosting, log: EmulatorLog?,
        faults: [BenchFault] = []
    ) async throws -> BenchEmulation {
        var emulators: [Role: EmulatedDevice] = [:]
        var links: [Role: DeviceLink] = [:]
        var devices: [(key: Role, device: USBIPStands.Device)] = []
        for (unit, role) in Role.allCases.enumerated() {
            guard let row = description.roles[role], let entry = Catalog.entry(row.driver) else {
                throw QKDError(.invalidInput, "the bench has no \(role.rawValue)", at: .init(description.name))
            }
            var draw = SeededGenerator(seed: seed, stream: "device \(role.rawValue)")
            let emulator = entry.emulate(EmulatorSetup(seed: draw.next(), unit: unit + 1))
            emulators[role] = emulator
            links[role] = entry.link
            devices.append((role, USBIPStands.Device(entry: entry, emulator: emulator, unit: unit + 1)))
        }
        let world = try EmulatedWorld.make(description, seed: seed, emulators: emulators)
        await world.setFaults(faults)
        if let log { await world.setLog(log) }
        let clock: any BenchClock = time == .lockstep ? LockstepClock(world: world) : WallClock()
        if time == .real { await log?.followWall(benchPS: clock.nowPS) }
        var stands: [Role: EmulatorStand] = [:]
        do {
            stands = try await USBIPStands.start(devices, hosting: hosting, clock: clock)
            for role in Role.allCases where stands[role] == nil {
                guard let emulator = emulators[role], let link = links[role] else { continue }
                stands[role] = try await EmulatorStand.start(emulator, hosting: hosting, vendor: link, clock: clock)
            }
        } catch {
            for stand in stands.values { await stand.stop() }
            throw error
        }
        for (role, stand) in stands {
            if let wire = stand.wire { await world.add(wire, isTagger: role == .bobTagger) }
        }
        let ticker = time == .real ? Self.tick(world, by: clock) : nil
        return BenchEmulation(world: world, clock: clock, stands: stands, ticker: ticker)
    }

    private init(
        world: EmulatedWorld, clock: any BenchClock, stands: [Role: EmulatorStand], ticker: Task<Void, Never>?
    ) {
        self.world = world
        self.clock = clock
        self.stands = stands
        self.ticker = ticker
    }

    /// Connects the driver of a role, in this process, to its emulator.
    func connect(_ role: Role, driver: String) async throws -> any Device {
        guard let stand = stands[role], let entry = Catalog.entry(driver) else {
            throw QKDError(.absent, "no emulator stands for \(role.rawValue)")
        }
        switch (stand, entry.link) {
        case (.terminal(let wire), .serial(let baud)):
            guard let path = wire.path else {
                throw QKDError(.absent, "\(role.rawValue) is unplugged")
            }
            let transport = try await SerialTransport.open(path: path, baud: baud)
            wire.attach(driver: transport)
            return try entry.connect(.stream(transport), clock)
        case (.usb(let wire), .usb): return try entry.connect(.usb(try await wire.open()), clock)
        case (.lines(let emulator), .gpio):
            return try entry.connect(.gpio(GPIOLoopback(emulator, clock: clock, named: driver)), clock)
        default:
            return try await DeviceOpening.connect(driver: driver, address: stand.address, clock: clock)
        }
    }

    func stop() async {
        ticker?.cancel()
        for stand in stands.values { await stand.stop() }
    }

    /// Lets the world follow the wall's clock.
    private static func tick(_ world: EmulatedWorld, by clock: any BenchClock) -> Task<Void, Never> {
        Task.detached {
            while !Task.isCancelled {
                // A client that does not read must not stop the world: its wire's error ends in its own hang-up.
                try? await world.advance(toPS: clock.nowPS, settling: false)
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
