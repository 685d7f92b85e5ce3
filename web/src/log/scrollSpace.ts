/**
 * Scrolls through more than a browser's element can be high (Firefox ends at 17 million pixels,
 * others at 33 million). The element gets at most `TALLEST` pixels. The first and last `EDGE`
 * pixels of it are as many of the content; those between stand for all the rest. Small moves
 * (wheel, keys, touch) move the content pixel by pixel, wherever that is; large ones (the
 * scrollbar's thumb, Home and End) go where the scrollbar says. What small moves let drift
 * apart, `settle` puts together again while nothing moves. Pure.
 */
export const TALLEST = 8_000_000;
const EDGE = 100_000;
/** A move by more than this part of what is seen is a large one. */
const LARGE = 1.5;

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

export class ScrollSpace {
  private total = 0;
  private view = 0;
  /** The element's scrollTop. */
  private top = 0;
  /** Content at the upper end of what is seen, less `top`. */
  private shift = 0;

  /** Of the element, in pixels. */
  get height(): number {
    return Math.min(this.total, TALLEST);
  }

  /** What of the content is at the upper end of what is seen, in its own pixels. */
  get offset(): number {
    return clamp(this.top + this.shift, 0, this.lastOffset);
  }

  get viewHeight(): number {
    return this.view;
  }

  get isAtEnd(): boolean {
    return this.offset >= this.lastOffset - 1;
  }

  /** Small moves went so far that the element may end before its content does. */
  get hasDrifted(): boolean {
    return Math.abs(this.toTop(this.offset) - this.top) > EDGE / 2;
  }

  /** Where in the element something stands that is at this place of the content. */
  place(offset: number): number {
    return offset - this.shift;
  }

  /** The content or the window has another size; call `goTo` to keep a place. */
  resize(total: number, view: number): void {
    this.total = total;
    this.view = view;
  }

  /** The element was scrolled to `top`; answers by how much. */
  scrolled(top: number): number {
    const by = top - this.top;
    if (Math.abs(by) > this.view * LARGE) {
      this.shift = this.toOffset(top) - top;
    } else {
      this.shift = clamp(top + this.shift, 0, this.lastOffset) - top;
    }
    this.top = top;
    return by;
  }

  /** Shows the content from `offset` on; answers the scrollTop that the element needs. */
  goTo(offset: number): number {
    const wanted = clamp(offset, 0, this.lastOffset);
    this.top = this.toTop(wanted);
    this.shift = wanted - this.top;
    return this.top;
  }

  /** The scrollTop that fits what is seen; null when the element has it. */
  settle(): number | null {
    const before = this.top;
    const top = this.goTo(this.offset);
    return Math.abs(top - before) > 1 ? top : null;
  }

  private get lastOffset(): number {
    return Math.max(0, this.total - this.view);
  }

  private get lastTop(): number {
    return Math.max(0, this.height - this.view);
  }

  /** Pixels of content for each pixel between the edges. */
  private get ratio(): number {
    return (this.lastOffset - 2 * EDGE) / (this.lastTop - 2 * EDGE);
  }

  private toOffset(top: number): number {
    if (this.total <= TALLEST || top <= EDGE) return top;
    if (top >= this.lastTop - EDGE) return this.lastOffset - (this.lastTop - top);
    return Math.round(EDGE + (top - EDGE) * this.ratio);
  }

  private toTop(offset: number): number {
    if (this.total <= TALLEST || offset <= EDGE) return offset;
    if (offset >= this.lastOffset - EDGE) return this.lastTop - (this.lastOffset - offset);
    return Math.round(EDGE + (offset - EDGE) / this.ratio);
  }
}
