import CQKDKernels

/// Tells one clock's times on another: t' = t + o + r, with r the whole number nearest to c₀ + c₁x + c₂x² − delay and
/// x = t − reference, all in ps. Halves go to the even number.
public struct AlignKernel: Sendable {
    /// The instant at which x is zero, ps.
    public let referencePS: Int64
    /// The whole part o of the offset, ps.
    public let offsetPS: Int64
    private let clock: qkd_clock
    private let delaysPS: [Double]

    /// Prepares; `delaysPS` has a place for each of the 256 channels.
    public init(
        referencePS: Int64 = 0, offsetPS: Int64 = 0, c0: Double = 0, c1: Double = 0, c2: Double = 0,
        delaysPS: [Double] = [Double](repeating: 0, count: 256)
    ) {
        precondition(delaysPS.count == 256, "a channel is a byte")
        self.referencePS = referencePS
        self.offsetPS = offsetPS
        self.delaysPS = delaysPS
        clock = qkd_clock(reference: referencePS, offset: offsetPS, c0: c0, c1: c1, c2: c2)
    }

    /// Aligns times that are less than 2^62 ps from the reference, where r is less than 2^51 ps (37 minutes);
    /// `aligned` has room for as many.
    public func align(
        _ times: UnsafeBufferPointer<Int64>, _ channels: UnsafeBufferPointer<UInt8>,
        into aligned: UnsafeMutablePointer<Int64>, level: KernelLevel = .current
    ) {
        precondition(times.count == channels.count, "a tag is a time and a channel")
        withUnsafePointer(to: clock) { clock in
            delaysPS.withUnsafeBufferPointer { delays in
                qkd_align(
                    level.rawValue, clock, delays.baseAddress, times.baseAddress, channels.baseAddress, times.count,
                    aligned)
            }
        }
    }

    /// The same for one tag: what `align` is held against.
    public func alignTwin(_ time: Int64, _ channel: UInt8) -> Int64 {
        let x = Double(time - referencePS)
        let r = clock.c0 + x * (clock.c1 + clock.c2 * x) - delaysPS[Int(channel)]
        return time + offsetPS + Int64(r.rounded(.toNearestOrEven))
    }
}
