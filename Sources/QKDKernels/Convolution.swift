import CQKDKernels

/// The steps of a cyclic convolution, each short enough that somebody can be asked in between whether to go on.
struct Convolution {
    private let ring: PolynomialRing
    private let level: KernelLevel
    private let goOn: (Double) -> Bool
    private let scratch: WipedWords
    private var doneNS = 0.0

    /// About how long a step takes at most, beside those that cannot be cut.
    private static let stepNS = 5e6

    init(ring: PolynomialRing, level: KernelLevel, goOn: @escaping (Double) -> Bool) {
        self.ring = ring
        self.level = level
        self.goOn = goOn
        scratch = WipedWords(qkd_gf2_scratch_words(ring.halfWords))
    }

    /// Cuts bits into pieces and transforms them; `false` if told to stop.
    mutating func transform(_ bits: UnsafeBufferPointer<UInt64>, _ count: Int, into values: WipedWords) -> Bool {
        var shape = ring.shape
        let isCut = steps(of: ring.pieces, eachNS: 0) { from, end, _ in
            qkd_gf2_cut(&shape, bits.baseAddress, count, values.start, from, end)
        }
        return isCut && transform(values.start, ring.pieces, isBack: false)
    }

    /// Multiplies value by value.
    mutating func multiply(_ values: WipedWords, by others: WipedWords) -> Bool {
        var shape = ring.shape
        let (level, stride) = (level.rawValue, ring.elementWords)
        return steps(of: ring.pieces, eachNS: ring.productNS) { from, end, scratch in
            qkd_gf2_multiply(
                level, &shape, values.start + from * stride, others.start + from * stride, end - from, scratch)
        }
    }

    /// Transforms values back into pieces.
    mutating func transformBack(_ values: WipedWords) -> Bool {
        transform(values.start, ring.pieces, isBack: true)
    }

    private mutating func transform(_ values: UnsafeMutablePointer<UInt64>, _ count: Int, isBack: Bool) -> Bool {
        guard count >= 3 else { return true }
        var levels = 0
        var power = 1
        while power < count {
            power *= 3
            levels += 1
        }
        var shape = ring.shape
        let (level, third) = (level.rawValue, count / 3)
        let wholeNS = Double(count * levels) * ring.columnNS
        if wholeNS <= Self.stepNS {
            return steps(of: 1, eachNS: wholeNS) { _, _, scratch in
                qkd_gf2_transform(level, &shape, values, count, isBack ? 1 : 0, scratch)
            }
        }
        func split(_ convolution: inout Convolution) -> Bool {
            convolution.steps(of: third, eachNS: 3 * convolution.ring.columnNS) { from, end, scratch in
                qkd_gf2_split(level, &shape, values, count, from, end, isBack ? 1 : 0, scratch)
            }
        }
        if !isBack, !split(&self) { return false }
        for part in 0..<3 where !transform(values + part * third * ring.elementWords, third, isBack: isBack) {
            return false
        }
        return isBack ? split(&self) : true
    }

    /// Does `count` things in steps of about `stepNS`, and asks before each.
    private mutating func steps(
        of count: Int, eachNS: Double, _ step: (Int, Int, UnsafeMutablePointer<UInt64>) -> Void
    ) -> Bool {
        // Where a thing is a copy only, its size is what counts.
        let thingNS = max(eachNS, ring.columnNS)
        // Even, so that lanes are full.
        let atOnce = max(2, Int(Self.stepNS / thingNS) / 2 * 2)
        for from in stride(from: 0, to: count, by: atOnce) {
            guard goOn(min(1, doneNS / ring.convolutionNS)) else { return false }
            let end = min(count, from + atOnce)
            step(from, end, scratch.start)
            doneNS += Double(end - from) * eachNS
        }
        return true
    }
}
