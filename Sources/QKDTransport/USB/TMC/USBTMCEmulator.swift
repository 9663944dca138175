import QKDCore

/// An instrument of text messages behind the test and measurement class (USBTMC 1.0, USB488 1.0).
///
/// The end of a message stands for a line feed where the instrument misses one; what it says to a message is one answer.
/// Without an answer the bulk IN endpoint stays silent, as an instrument's does that was not asked.
public actor USBTMCEmulator: USBEmulator {
    public nonisolated let description: USBDescription
    private let instrument: any StreamEmulator
    private let capabilities: USBTMCCapabilities
    private let hasStatusEndpoint: Bool
    private var incoming: [UInt8] = []
    private var message: [UInt8] = []
    private var answers: [[UInt8]] = []
    private var asked: USBTMCHeader?
    private var outgoing = OutgoingBytes()
    private var owesEmptyPacket = false
    private var notices: [[UInt8]] = []
    /// Whether it is under remote control.
    public private(set) var isRemote = false
    /// Messages that came whole.
    public private(set) var messages = 0

    private static let bulkOut: UInt8 = 0x01
    private static let bulkIn: UInt8 = 0x82
    private static let interruptIn: UInt8 = 0x83
    private static let packetLength = 512

    /// Puts `instrument` behind the class. Without ids of its own it has those for tests of pid.codes.
    public init(
        _ instrument: any StreamEmulator, vendorID: UInt16 = 0x1209, productID: UInt16 = 0x0003,
        manufacturer: String, product: String, serialNumber: String, hasStatusEndpoint: Bool = true,
        capabilities: USBTMCCapabilities = .init(takesTrigger: true, takesRemoteControl: true, speaksSCPI: true)
    ) {
        self.instrument = instrument
        self.capabilities = capabilities
        self.hasStatusEndpoint = hasStatusEndpoint
        let status = [USBEndpoint(Self.interruptIn, .interrupt, packetLength: 8, interval: 8)]
        description = USBDescription(
            vendorID: vendorID, productID: productID, release: 0x0100, manufacturer: manufacturer, product: product,
            serialNumber: serialNumber,
            interfaces: [
                USBInterface(
                    number: 0, classCodes: [0xFE, 0x03, 0x01],
                    endpoints: [USBEndpoint(Self.bulkOut), USBEndpoint(Self.bulkIn)] + (hasStatusEndpoint ? status : [])
                )
            ])
    }

    // MARK: Messages

    public func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) async -> USBReceipt {
        incoming += bytes
        while incoming.count >= USBTMCHeader.length {
            guard let header = USBTMCHeader(incoming) else { return refuse() }
            switch header.message {
            case .dataOut:
                let size = Int(header.size)
                let whole = USBTMCHeader.length + size + USBTMCHeader.padding(size)
                guard incoming.count >= whole else { return .taken }
                message += incoming[USBTMCHeader.length..<USBTMCHeader.length + size]
                incoming.removeFirst(whole)
                if header.attributes & USBTMCHeader.endOfMessage != 0 { await take(nowPS) }
            case .dataIn:
                incoming.removeFirst(USBTMCHeader.length)
                asked = header
            case .trigger where capabilities.takesTrigger:
                incoming.removeFirst(USBTMCHeader.length)
                message = Array("*TRG".utf8)
                await take(nowPS)
            default: return refuse()
            }
        }
        return .taken
    }

    /// What it does not know halts the endpoint (USBTMC 1.0, section 3.2.2.2).
    private func refuse() -> USBReceipt {
        incoming = []
        message = []
        return .stall
    }

    private func take(_ nowPS: Int64) async {
        messages += 1
        if message.last != UInt8(ascii: "\n") { message.append(UInt8(ascii: "\n")) }
        let whole = message
        message = []
        let answer = await instrument.receive(whole, nowPS: nowPS)
        if !answer.isEmpty { answers.append(answer) }
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) async -> USBAnswer {
        if endpoint == Self.interruptIn { return notices.isEmpty ? .notYet : .data(notices.removeFirst()) }
        if outgoing.count == 0, !owesEmptyPacket {
            let said = await instrument.advance(toPS: nowPS)
            if !said.isEmpty { answers.append(said) }
            answer()
        }
        guard outgoing.count > 0 else {
            // A transfer of whole packets ends with an empty one.
            defer { owesEmptyPacket = false }
            return owesEmptyPacket ? .data([]) : .notYet
        }
        let bytes = outgoing.take(limit)
        owesEmptyPacket = outgoing.count == 0 && bytes.count % Self.packetLength == 0
        return .data(bytes)
    }

    /// Starts the answer to a request, if there are both.
    private func answer() {
        guard let request = asked, let first = answers.first else { return }
        asked = nil
        var part = Array(first.prefix(Int(request.size)))
        var attributes: UInt8 = 0
        if request.attributes & USBTMCHeader.endsAtCharacter != 0, capabilities.takesEndCharacter,
            let end = part.firstIndex(of: request.endCharacter)
        {
            part.removeSubrange((end + 1)...)
            attributes |= USBTMCHeader.endsAtCharacter
        }
        if part.count == first.count {
            answers.removeFirst()
            attributes |= USBTMCHeader.endOfMessage
        } else {
            answers[0].removeFirst(part.count)
        }
        let header = USBTMCHeader(.dataIn, tag: request.tag, size: UInt32(part.count), attributes: attributes)
        outgoing.append(header.bytes + part + [UInt8](repeating: 0, count: USBTMCHeader.padding(part.count)))
    }

    // MARK: Requests

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer {
        let tag = UInt8(truncatingIfNeeded: setup.value)
        switch (setup.requestType, setup.request) {
        case (USBSetup.classEndpointIn, USBTMCRequest.initiateAbortOut):
            let isUnderWay = !incoming.isEmpty || !message.isEmpty
            incoming = []
            message = []
            return .data([isUnderWay ? USBTMCRequest.success : USBTMCRequest.noTransfer, tag])
        case (USBSetup.classEndpointIn, USBTMCRequest.initiateAbortIn):
            let isUnderWay = asked?.tag == tag || outgoing.count > 0
            endAnswer()
            return .data([isUnderWay ? USBTMCRequest.success : USBTMCRequest.noTransfer, tag])
        case (USBSetup.classEndpointIn, USBTMCRequest.checkAbortOut),
            (USBSetup.classEndpointIn, USBTMCRequest.checkAbortIn):
            return .data([USBTMCRequest.success, 0, 0, 0, 0, 0, 0, 0])
        case (USBSetup.classInterfaceIn, USBTMCRequest.initiateClear):
            incoming = []
            message = []
            answers = []
            endAnswer()
            return .data([USBTMCRequest.success])
        case (USBSetup.classInterfaceIn, USBTMCRequest.checkClear): return .data([USBTMCRequest.success, 0])
        case (USBSetup.classInterfaceIn, USBTMCRequest.getCapabilities): return .data(capabilities.bytes)
        case (USBSetup.classInterfaceIn, USBTMCRequest.indicatorPulse) where capabilities.pulsesIndicator:
            return .data([USBTMCRequest.success])
        case (USBSetup.classInterfaceIn, USBTMCRequest.readStatusByte): return statusByte(tag)
        case (USBSetup.classInterfaceIn, USBTMCRequest.remoteControl) where capabilities.takesRemoteControl:
            isRemote = tag == 1
            return .data([USBTMCRequest.success])
        case (USBSetup.classInterfaceIn, USBTMCRequest.goToLocal) where capabilities.takesRemoteControl:
            isRemote = false
            return .data([USBTMCRequest.success])
        case (USBSetup.classInterfaceIn, USBTMCRequest.localLockout) where capabilities.takesRemoteControl:
            return .data([USBTMCRequest.success])
        default: return .stall
        }
    }

    private func statusByte(_ tag: UInt8) -> USBAnswer {
        // MAV, bit 4 (IEEE 488.2, section 11.2): there is an answer to be read.
        let status: UInt8 = answers.isEmpty && outgoing.count == 0 ? 0 : 0x10
        guard hasStatusEndpoint else { return .data([USBTMCRequest.success, tag, status]) }
        notices.append([tag | 0x80, status])
        return .data([USBTMCRequest.success, tag, 0])
    }

    private func endAnswer() {
        asked = nil
        outgoing.removeAll()
        owesEmptyPacket = false
    }

    public func powerCycle(nowPS: Int64) {
        incoming = []
        message = []
        answers = []
        notices = []
        isRemote = false
        endAnswer()
    }
}
