import Foundation
import QKDCore

/// A transfer as the host's controller asks for it.
public struct USBRequestBlock: Sendable {
    /// Given by the host; names the transfer when it is cancelled.
    public var id: UInt32
    /// Endpoint address with its direction bit; 0 or 0x80 for the control endpoint.
    public var endpoint: UInt8
    /// The first eight bytes of a control transfer.
    public var setup: USBSetup?
    /// Bytes for the device.
    public var data: [UInt8]
    /// How many bytes the host has room for.
    public var length: Int

    /// Describes a transfer.
    public init(id: UInt32, endpoint: UInt8, setup: USBSetup? = nil, data: [UInt8] = [], length: Int = 0) {
        self.id = id
        self.endpoint = endpoint
        self.setup = setup
        self.data = data
        self.length = length
    }
}

/// How a transfer ended.
public struct USBCompletion: Sendable, Equatable {
    /// The states in which a transfer can end, as Linux numbers them (usb/usbip and errno.h).
    public enum Status: Int32, Sendable {
        case done = 0
        /// The request or the endpoint is stalled (-EPIPE).
        case stall = -32
        /// The device sent more than there was room for (-EOVERFLOW).
        case overflow = -75
        /// It was cancelled (-ECONNRESET).
        case cancelled = -104
        /// The device is gone (-ESHUTDOWN).
        case gone = -108
    }

    /// How it ended.
    public var status: Status
    /// Bytes from the device; also those of a transfer that did not end well.
    public var data: [UInt8]
    /// Bytes that were moved, either way.
    public var actualLength: Int
}

/// The port that an emulated device is plugged into: does what a bus does for every device, transfer by transfer.
///
/// Transfers of an endpoint are served in the order of asking. An IN transfer ends when it is full, or with a packet
/// that is not full (USB 2.0, section 5.8.3); until then its data wait in it.
public actor USBPort {
    /// Told once, when a transfer has ended.
    public typealias Finish = @Sendable (USBCompletion) -> Void

    /// The device that is plugged in.
    public let emulator: any USBEmulator
    nonisolated let description: USBDescription
    private let clock: any BenchClock
    private var waiting: [UInt8: [Pending]] = [:]
    var alternates: [UInt8: UInt8] = [:]
    var configuration: UInt8 = 0
    var halted: Set<UInt8> = []
    private var isGone = false
    private var isServing = false
    private var mustServeAgain = false
    private var whenServed: [CheckedContinuation<Void, Never>] = []
    private let faults = FaultBox()
    private var whenGone: [@Sendable () -> Void] = []

    private struct Pending {
        var block: USBRequestBlock
        var gathered: [UInt8] = []
        var finish: Finish

        func end(_ status: USBCompletion.Status) {
            finish(USBCompletion(status: status, data: gathered, actualLength: gathered.count))
        }
    }

    /// Plugs a device in; `clock` is the time that it is given.
    public init(_ emulator: any USBEmulator, clock: any BenchClock) {
        self.emulator = emulator
        self.clock = clock
        description = emulator.description
    }

    /// Starts a transfer; `finish` is called once, when it has ended.
    public func submit(_ block: USBRequestBlock, finish: @escaping Finish) async {
        guard !isGone else { return finish(USBCompletion(status: .gone, data: [], actualLength: 0)) }
        waiting[block.endpoint, default: []].append(Pending(block: block, finish: finish))
        await serve()
    }

    /// Ends a transfer that has not ended; whether there was one.
    @discardableResult
    public func cancel(_ id: UInt32) -> Bool {
        for (endpoint, list) in waiting {
            guard let index = list.firstIndex(where: { $0.block.id == id }) else { continue }
            let pending = list[index]
            waiting[endpoint]?.remove(at: index)
            pending.end(.cancelled)
            return true
        }
        return false
    }

    /// Asks the device again for all that it had not yet: its time may have moved.
    public func poll() async { await serve() }

    /// Pulls the cable: every transfer ends as `gone`, and so does every later one.
    public func unplug() async {
        guard !isGone else { return }
        isGone = true
        let ended = waiting.values.flatMap { $0 }
        waiting = [:]
        for pending in ended { pending.end(.gone) }
        for call in whenGone { call() }
        whenGone = []
        await emulator.powerCycle(nowPS: clock.nowPS)
    }

    /// Makes something go wrong on the bus from the next transfer on, or ends it.
    public nonisolated func inject(_ fault: USBPortFault?) { faults.fault = fault }

    /// Transfers that have ended well.
    public private(set) var endedTransfers = 0

    /// Has `call` called when the cable is pulled, at once if it was.
    public func onUnplug(_ call: @escaping @Sendable () -> Void) {
        if isGone { call() } else { whenGone.append(call) }
    }

    // MARK: Serving

    private func serve() async {
        if faults.fault == .cut { return await unplug() }
        mustServeAgain = true
        if isServing {
            // Whoever asks may count on it that the device was asked when this returns.
            return await withCheckedContinuation { whenServed.append($0) }
        }
        isServing = true
        defer {
            isServing = false
            for waiter in whenServed { waiter.resume() }
            whenServed = []
        }
        while mustServeAgain {
            mustServeAgain = false
            for endpoint in waiting.keys.sorted() {
                while let first = waiting[endpoint]?.first, !isGone {
                    let id = first.block.id
                    guard let outcome = await advance(first) else { break }
                    // It may have been cancelled while the device was asked.
                    guard let now = waiting[endpoint]?.first, now.block.id == id else { continue }
                    switch outcome {
                    case .goesOn(let gathered):
                        waiting[endpoint]?[0].gathered = gathered
                    case .ended(let completion):
                        waiting[endpoint]?.removeFirst()
                        endedTransfers += completion.status == .done ? 1 : 0
                        now.finish(completion)
                    }
                }
            }
        }
    }

    private enum Outcome {
        case goesOn([UInt8])
        case ended(USBCompletion)
    }

    /// Asks the device once; `nil` when it has to be asked again later.
    private func advance(_ pending: Pending) async -> Outcome? {
        let block = pending.block
        if faults.fault == .silent { return nil }
        if block.endpoint & 0x7F == 0 { return await control(block).map(Outcome.ended) }
        guard let endpoint = openEndpoint(block.endpoint), !halted.contains(block.endpoint) else {
            return .ended(USBCompletion(status: .stall, data: pending.gathered, actualLength: pending.gathered.count))
        }
        let nowPS = await clock.nowPS
        if !endpoint.isIn {
            switch await emulator.receive(block.data, endpoint: block.endpoint, nowPS: nowPS) {
            case .taken: return .ended(USBCompletion(status: .done, data: [], actualLength: block.data.count))
            case .notYet: return nil
            case .stall:
                halted.insert(block.endpoint)
                return .ended(USBCompletion(status: .stall, data: [], actualLength: 0))
            }
        }
        let room = block.length - pending.gathered.count
        let packets = max(1, room / endpoint.packetLength)
        switch await emulator.send(endpoint: block.endpoint, limit: packets * endpoint.packetLength, nowPS: nowPS) {
        case .notYet: return nil
        case .stall:
            halted.insert(block.endpoint)
            return .ended(USBCompletion(status: .stall, data: pending.gathered, actualLength: pending.gathered.count))
        case .data(var bytes):
            if faults.fault == .garbage { bytes = Self.garbled(bytes) }
            let gathered = pending.gathered.isEmpty ? bytes : pending.gathered + bytes
            if gathered.count > block.length {
                return .ended(
                    USBCompletion(
                        status: .overflow, data: Array(gathered.prefix(block.length)), actualLength: block.length))
            }
            let isShort = bytes.isEmpty || bytes.count % endpoint.packetLength != 0
            guard isShort || gathered.count == block.length else { return .goesOn(gathered) }
            return .ended(USBCompletion(status: .done, data: gathered, actualLength: gathered.count))
        }
    }

    private static func garbled(_ bytes: [UInt8]) -> [UInt8] { bytes.dropLast().map { ~$0 &+ 0x5B } }

    private func openEndpoint(_ address: UInt8) -> USBEndpoint? {
        for interface in Set(description.interfaces.map(\.number)) {
            let endpoints = description.endpoints(interface: interface, alternate: alternates[interface] ?? 0)
            if let found = endpoints?.first(where: { $0.address == address }) { return found }
        }
        return nil
    }

    private func control(_ block: USBRequestBlock) async -> USBCompletion? {
        guard let setup = block.setup else { return USBCompletion(status: .stall, data: [], actualLength: 0) }
        let nowPS = await clock.nowPS
        var answer: USBAnswer
        if setup.kind == .standard {
            answer = await standard(setup, nowPS: nowPS)
        } else {
            answer = await emulator.control(setup, data: block.data, nowPS: nowPS)
            if faults.fault == .garbage, case .data(let bytes) = answer { answer = .data(Self.garbled(bytes)) }
        }
        switch answer {
        case .notYet: return nil
        case .stall: return USBCompletion(status: .stall, data: [], actualLength: 0)
        case .data(let bytes) where setup.isIn:
            let given = Array(bytes.prefix(min(Int(setup.length), block.length)))
            return USBCompletion(status: .done, data: given, actualLength: given.count)
        case .data: return USBCompletion(status: .done, data: [], actualLength: block.data.count)
        }
    }
}

/// What an emulated bus can be made to suffer, besides the pulled cable.
public enum USBPortFault: Sendable, Equatable {
    /// No transfer ends any more.
    case silent
    /// The device's data are not what it sent, and there is a byte less than it sent.
    case garbage
    /// The cable is pulled at the next transfer.
    case cut
}

private final class FaultBox: @unchecked Sendable {
    private let lock = NSLock()
    private var held: USBPortFault?

    var fault: USBPortFault? {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }
}
