/** Why a checkpoint cannot be used, in words for a person; becomes VDT_CHECKPOINT_UNREADABLE where the file's name is known. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}
