import QKDCore
import QKDDrivers
import QKDTransport

/// Emulators that stand for other programs to talk to, in real time: a whole bench with its light, or
/// one device in the dark.
public struct StandingEmulation: Sendable {
    /// A stand, for printing.
    public struct Place: Sendable {
        /// Role on the bench, or the driver's id.
        public var name: String
        /// Id of the driver whose device is emulated.
        public var driver: String
        /// Address as bench files write it.
        public var address: String
        /// Where other programs find it, in words.
        public var place: String
    }

    /// Where each emulator listens; on a bench, in the order of `Role`.
    public let places: [Place]
    private let stopping: @Sendable () async -> Void

    /// Stands up every role of a bench.
    ///
    /// Network devices bind to `address`, on the vendors' own ports if `vendorPorts`, else on free ones.
    public static func bench(
        _ description: BenchDescription, seed: UInt64, address: String, vendorPorts: Bool,
        usbIP: USBIPHosting = USBIPHosting(), log: EmulatorLog
    ) async throws -> StandingEmulation {
        let emulation = try await BenchEmulation.start(
            description, seed: seed, time: .real,
            hosting: .outside(address: address, vendorPorts: vendorPorts, usbIP: usbIP), log: log)
        let places = Role.allCases.compactMap { role -> Place? in
            guard let stand = emulation.stands[role], let row = description.roles[role] else { return nil }
            return Place(name: role.rawValue, driver: row.driver, address: stand.address.text, place: stand.place)
        }
        return StandingEmulation(places: places, stopping: { await emulation.stop() })
    }

    /// Stands up one device of a driver.
    public static func device(
        _ driver: String, seed: UInt64, address: String, vendorPorts: Bool, usbIP: USBIPHosting = USBIPHosting(),
        log: EmulatorLog
    ) async throws -> StandingEmulation {
        guard let entry = Catalog.entry(driver) else {
            let known = Catalog.entries.map(\.descriptor.id).joined(separator: ", ")
            throw QKDError(.invalidInput, "there is no driver '\(driver)'; there are \(known)")
        }
        let clock = WallClock()
        await log.followWall(benchPS: clock.nowPS)
        let emulator = entry.emulate(EmulatorSetup(seed: seed, standsAlone: true))
        let hosting = BenchEmulation.Hosting.outside(address: address, vendorPorts: vendorPorts, usbIP: usbIP)
        let device = USBIPStands.Device(entry: entry, emulator: emulator, unit: 1)
        let stand: EmulatorStand
        if let attachable = try await USBIPStands.start([(0, device)], hosting: hosting, clock: clock)[0] {
            stand = attachable
        } else {
            stand = try await EmulatorStand.start(emulator, hosting: hosting, vendor: entry.link, clock: clock)
        }
        let ticker = Task.detached {
            var last = 0
            var pauseMS = 5
            while !Task.isCancelled {
                // A client that hangs up ends its own conversation, not the emulator.
                if let wire = stand.wire { try? await wire.pump(toPS: clock.nowPS) }
                if let journal = emulator.journal {
                    for event in await journal.takeEvents() { log.write(event, from: driver) }
                }
                // A device that nobody talks to, and that says nothing by itself, is looked at less and less often.
                let activity = await stand.wire?.activity ?? 0
                pauseMS = activity == last ? min(50, pauseMS * 2) : 5
                last = activity
                try? await Task.sleep(for: .milliseconds(pauseMS))
            }
        }
        return StandingEmulation(
            places: [Place(name: driver, driver: driver, address: stand.address.text, place: stand.place)],
            stopping: {
                ticker.cancel()
                await stand.stop()
            })
    }

    /// Takes the emulators down.
    public func stop() async { await stopping() }

    /// The bench file `text` with the addresses of these emulators in place of `"emulated"`.
    public func liveBench(_ text: String) -> String {
        var role: String?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            if line.hasPrefix("[") {
                role = line.hasPrefix("[roles.") ? String(line.dropFirst(7).prefix { $0 != "]" }) : nil
            }
            guard line.hasPrefix("address"), let place = places.first(where: { $0.name == role }) else {
                return String(line)
            }
            return "address = \"\(place.address)\""
        }
        return lines.joined(separator: "\n")
    }
}

extension EmulatedDevice {
    /// What the emulator tells of itself, if it does.
    var journal: (any EmulatorJournal)? {
        switch self {
        case .stream(let emulator): emulator as? any EmulatorJournal
        case .network(let emulator): emulator as? any EmulatorJournal
        case .usb(let emulator): emulator as? any EmulatorJournal
        case .gpio(let emulator): emulator as? any EmulatorJournal
        }
    }
}
