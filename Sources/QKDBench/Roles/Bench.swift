import QKDCore
import QKDTransport

/// An open bench: each role's device, the clocks of the two stations, and, if it is emulated, the world.
public struct Bench: Sendable {
    public let description: BenchDescription
    /// Each role's device, opened.
    public var devices: [Role: any Device] { fixed.merging([.bobTagger: bob.tagger]) { $1 } }
    /// Who answered.
    public let identities: [Role: DeviceIdentity]
    /// The sender's devices and clock.
    public let alice: AliceStation
    /// The receiver's devices and clock.
    public let bob: BobStation
    /// The emulated world, unless every device is reached from outside.
    public let world: EmulatedWorld?
    /// The seed of the emulation; without meaning on a real bench.
    public let seed: UInt64
    /// Whether time is the emulation's own, so that a run is repeatable and as fast as it can be.
    public let isLockstep: Bool
    /// What goes wrong with the emulated tagger.
    public let faults: [BenchFault]
    let emulation: BenchEmulation?
    /// As they were opened; the tagger may have been opened again since.
    private let fixed: [Role: any Device]

    /// Whether any device said that it is an emulator.
    public var isEmulated: Bool { identities.values.contains { $0.isEmulated } }

    /// Closes the devices and stops the emulators.
    public func close() async {
        for device in devices.values { await device.close() }
        await emulation?.stop()
    }
}

/// Alice's side of the bench.
public struct AliceStation: Sendable {
    /// The time of Alice's host; on an emulated bench, the emulation's own.
    public let clock: any BenchClock
    /// Plays her frames: fires the lasers and drives the intensity modulator.
    public let modulator: any LaserModulator
    /// Brings a pulse at full transmission down to the signal's mean photon number.
    public let attenuator: any Attenuator
    /// Present if the attenuator's device, or another, holds the modulator's bias.
    public let bias: (any BiasController)?
    /// Seeds the generator that all her choices come from.
    public let random: any RandomSource
}

/// Bob's side of the bench.
public struct BobStation: Sendable {
    /// The time of Bob's host; on an emulated bench, off from Alice's by the bench's clock model.
    public let clock: any BenchClock
    /// In the order of `BB84State.index`.
    public let detectors: [any PhotonDetector]
    /// Tags the clicks of all four detectors; another instance after it was lost and found again.
    public var tagger: any TimeTagger { slot.tagger }
    let slot: TaggerSlot
}

/// How an emulated bench's time goes.
public enum BenchTime: Sendable {
    /// As fast as it can be worked out, and repeatable.
    case lockstep
    /// With the wall's clock.
    case real
}

extension Bench {
    /// Opens the devices of a bench; roles with the address `emulated` get an emulator in this process.
    ///
    /// A bench is either emulated as a whole or reached from outside as a whole: light cannot pass
    /// between the two. `faults` befall the tagger of an emulated bench. Throws what the first device that does not open throws; those that did are closed.
    public static func open(
        _ description: BenchDescription, seed: UInt64, time: BenchTime, log: EmulatorLog? = nil,
        faults: [BenchFault] = []
    ) async throws -> Bench {
        let emulated = description.roles.filter { $0.value.address == .emulated }
        guard emulated.isEmpty || emulated.count == description.roles.count else {
            let names = emulated.keys.map(\.rawValue).sorted().joined(separator: ", ")
            throw QKDError(
                .invalidInput,
                "a bench is emulated as a whole or not at all, because emulated light cannot reach a real device; emulated here: \(names)",
                at: .init(description.name))
        }
        guard faults.isEmpty || !emulated.isEmpty else {
            throw QKDError(
                .invalidInput, "faults can be had of an emulated bench only, and this one is reached from outside",
                at: .init(description.name))
        }
        let emulation =
            emulated.isEmpty
            ? nil
            : try await BenchEmulation.start(
                description, seed: seed, time: time, hosting: .thisProcess, log: log, faults: faults)
        do {
            return try await assemble(description, seed: seed, time: time, emulation: emulation, faults: faults)
        } catch {
            await emulation?.stop()
            throw error
        }
    }

    private static func assemble(
        _ description: BenchDescription, seed: UInt64, time: BenchTime, emulation: BenchEmulation?,
        faults: [BenchFault]
    ) async throws -> Bench {
        let clock: any BenchClock = emulation?.clock ?? WallClock()
        var devices: [Role: any Device] = [:]
        var identities: [Role: DeviceIdentity] = [:]
        do {
            for role in Role.allCases {
                let device = try await connect(role, description, emulation: emulation, clock: clock)
                devices[role] = device
                identities[role] = try await device.open()
            }
        } catch {
            for device in devices.values { await device.close() }
            throw error
        }
        let attenuator: any Attenuator = try cast(.aliceAttenuator, devices)
        let alice = AliceStation(
            clock: clock, modulator: try cast(.aliceModulator, devices), attenuator: attenuator,
            bias: attenuator as? any BiasController, random: try cast(.aliceRandom, devices))
        let bobClock: any BenchClock = emulation.map { BobClock(world: $0.world, alice: clock) } ?? clock
        let bob = BobStation(
            clock: bobClock, detectors: try Role.detectors.map { try cast($0, devices) },
            slot: TaggerSlot(try cast(.bobTagger, devices)))
        do {
            try checkLimits(description, modulator: alice.modulator, tagger: bob.tagger)
        } catch {
            for device in devices.values { await device.close() }
            throw error
        }
        return Bench(
            description: description, identities: identities, alice: alice, bob: bob,
            world: emulation?.world, seed: seed, isLockstep: emulation != nil && time == .lockstep,
            faults: faults, emulation: emulation, fixed: devices)
    }

    /// What the file asks for must be within what the devices can do.
    private static func checkLimits(
        _ description: BenchDescription, modulator: any LaserModulator, tagger: any TimeTagger
    ) throws {
        let place = QKDError.Place(description.name)
        let limits = modulator.modulatorCapabilities
        guard description.frames.slots <= limits.symbolsPerFrame else {
            throw QKDError(
                .invalidInput, "frames.slots exceeds the modulator's limit of \(limits.symbolsPerFrame)", at: place)
        }
        guard description.slotPeriodPS % limits.tickPS == 0 else {
            throw QKDError(.invalidInput, "a slot must be a whole number of the modulator's ticks", at: place)
        }
        let inputs = tagger.taggerCapabilities.channels
        for input in try description.taggerInputs() where !inputs.contains(input) {
            throw QKDError(
                .invalidInput, "the tagger has inputs \(inputs.lowerBound) to \(inputs.upperBound), not \(input)",
                at: place)
        }
    }

    static func connect(
        _ role: Role, _ description: BenchDescription, emulation: BenchEmulation?, clock: any BenchClock
    ) async throws -> any Device {
        guard let row = description.roles[role] else {
            throw QKDError(.invalidInput, "the bench has no \(role.rawValue)", at: .init(description.name))
        }
        if let emulation { return try await emulation.connect(role, driver: row.driver) }
        return try await DeviceOpening.connect(driver: row.driver, address: row.address, clock: clock)
    }

    private static func cast<Wanted>(_ role: Role, _ devices: [Role: any Device]) throws -> Wanted {
        guard let device = devices[role] as? Wanted else {
            throw QKDError(.unsupported, "the device of \(role.rawValue) cannot play this part")
        }
        return device
    }
}
