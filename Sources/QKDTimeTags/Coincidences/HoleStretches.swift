import QKDCore

extension TagBatch {
    /// The times in which tags are missing, ps: from the last one known to be good to the next one there is.
    ///
    /// A hole before the first tag or behind the last has no stretch: nothing is counted there anyway.
    public var holeStretchesPS: [Range<Int64>] {
        holes.compactMap { hole in
            guard hole.beforeIndex < count else { return nil }
            let before = hole.beforeIndex > 0 ? times[hole.beforeIndex - 1] : nil
            guard let start = hole.afterPS ?? before else { return nil }
            let end = times[hole.beforeIndex]
            return start < end ? start..<end : nil
        }
    }
}

/// Arithmetic of stretches of time.
enum HoleStretches {
    /// What is left of `stretches`, which rise and do not overlap, without `holes`, which may do as they like.
    static func remove(_ holes: [Range<Int64>], from stretches: [Range<Int64>]) -> [Range<Int64>] {
        let sorted = holes.sorted { $0.lowerBound < $1.lowerBound }
        var left: [Range<Int64>] = []
        var first = 0
        for stretch in stretches {
            var start = stretch.lowerBound
            // Holes that end before this stretch matter to none behind it, but a long one may hide behind short ones.
            while first < sorted.count, sorted[first].upperBound <= stretch.lowerBound { first += 1 }
            for hole in sorted[first...] {
                guard hole.lowerBound < stretch.upperBound, start < stretch.upperBound else { break }
                if hole.lowerBound > start { left.append(start..<hole.lowerBound) }
                start = max(start, hole.upperBound)
            }
            if start < stretch.upperBound { left.append(start..<stretch.upperBound) }
        }
        return left
    }
}
