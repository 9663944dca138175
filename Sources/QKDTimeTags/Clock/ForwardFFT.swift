import CKissFFT

/// A forward complex transform of one length, by KissFFT in single precision.
///
/// The plan lives in memory of our own, because the library's way of freeing it is a macro.
struct ForwardFFT: ~Copyable {
    private let memory: UnsafeMutableRawPointer
    private let plan: kiss_fft_cfg
    /// Points a transform has.
    let count: Int

    /// Plans a transform; `nil` when the library refuses the length.
    static func planned(count: Int) -> ForwardFFT? {
        guard count > 0, count <= 1 << 24 else { return nil }
        var bytes = 0
        _ = kiss_fft_alloc(Int32(count), 0, nil, &bytes)
        guard bytes > 0 else { return nil }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        guard let plan = kiss_fft_alloc(Int32(count), 0, memory, &bytes) else {
            memory.deallocate()
            return nil
        }
        return ForwardFFT(memory: memory, plan: plan, count: count)
    }

    private init(memory: UnsafeMutableRawPointer, plan: kiss_fft_cfg, count: Int) {
        self.memory = memory
        self.plan = plan
        self.count = count
    }

    deinit { memory.deallocate() }

    /// Transforms `input`, which has at most `count` points; the missing ones count as zero.
    func transform(_ input: [Phasor]) -> [Phasor] {
        precondition(input.count <= count, "more points than the transform has")
        let padded = input + repeatElement(Phasor(), count: count - input.count)
        return [Phasor](unsafeUninitializedCapacity: count) { output, initialised in
            padded.withUnsafeBufferPointer { transform($0, into: output) }
            initialised = count
        }
    }

    /// Transforms `count` points into another buffer of `count` points.
    func transform(_ input: UnsafeBufferPointer<Phasor>, into output: UnsafeMutableBufferPointer<Phasor>) {
        precondition(input.count == count && output.count >= count, "buffers of another length than the transform's")
        // A phasor has the layout of the library's complex number: two floats.
        kiss_fft(
            plan, UnsafeRawPointer(input.baseAddress)?.assumingMemoryBound(to: kiss_fft_cpx.self),
            UnsafeMutableRawPointer(output.baseAddress)?.assumingMemoryBound(to: kiss_fft_cpx.self))
    }
}

/// A complex number: real part, imaginary part.
typealias Phasor = SIMD2<Float>
