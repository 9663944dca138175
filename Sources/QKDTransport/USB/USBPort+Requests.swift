import QKDCore

extension USBPort {
    /// The standard requests (USB 2.0, section 9.4).
    func standard(_ setup: USBSetup, nowPS: Int64) async -> USBAnswer {
        switch (setup.isIn, setup.request) {
        case (true, 0): return .data([setup.requestType & 0x1F == 2 && halted.contains(setup.endpoint) ? 1 : 0, 0])
        // Descriptors of an interface are its class's own, such as a HID's report descriptor.
        case (true, 6) where setup.requestType & 0x1F == 1:
            return await emulator.control(setup, data: [], nowPS: nowPS)
        case (true, 6): return descriptor(setup.value)
        case (true, 8): return .data([configuration])
        case (true, 10): return .data([alternates[UInt8(truncatingIfNeeded: setup.index)] ?? 0])
        case (false, 1) where setup.requestType & 0x1F == 2:
            halted.remove(setup.endpoint)
            return .data([])
        case (false, 3) where setup.requestType & 0x1F == 2:
            halted.insert(setup.endpoint)
            return .data([])
        case (false, 1), (false, 3), (false, 5): return .data([])
        case (false, 9):
            guard setup.value <= 1 else { return .stall }
            configuration = UInt8(setup.value)
            alternates = [:]
            halted = []
            return .data([])
        case (false, 11):
            let (interface, alternate) = (
                UInt8(truncatingIfNeeded: setup.index), UInt8(truncatingIfNeeded: setup.value)
            )
            guard let endpoints = description.endpoints(interface: interface, alternate: alternate) else {
                return .stall
            }
            alternates[interface] = alternate
            halted.subtract(endpoints.map(\.address))
            return .data([])
        default: return .stall
        }
    }

    private func descriptor(_ value: UInt16) -> USBAnswer {
        let index = UInt8(truncatingIfNeeded: value)
        switch value >> 8 {
        case 1: return .data(description.deviceDescriptor)
        case 2: return index == 0 ? .data(description.configurationDescriptor) : .stall
        case 3: return description.stringDescriptor(index).map(USBAnswer.data) ?? .stall
        default: return .stall
        }
    }

}

extension USBSetup {
    /// The endpoint that a standard request is for.
    fileprivate var endpoint: UInt8 { UInt8(truncatingIfNeeded: index) }
}
