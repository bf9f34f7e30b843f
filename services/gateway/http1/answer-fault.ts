// Why an answer is refused: it could be read in two ways, is malformed, or goes beyond a bound. The words go to
// the access log and are few, so that they can be counted.

export type AnswerFault =
  | 'bad_status_line'
  | 'bad_field'
  | 'bad_framing'
  | 'bad_chunk'
  | 'head_too_large'
  | 'trailer_too_large'
  | 'too_many_informations'
  | 'unrequested_upgrade'
  | 'no_framing';
